"""``manage.py export_rules`` tells the configuration, and never a secret."""

import io
import json

import pytest
from django.core.management import call_command

from eventhub.models import Bus, Rule, RuleTarget, Target

pytestmark = pytest.mark.django_db


def test_export_names_a_rule_its_target_and_the_secrets_to_give_but_not_the_secrets() -> None:
    bus = Bus.objects.create(name="orders")
    target = Target(name="crm", url="https://example.com/in")
    target.change_secrets({"signing": [{"secret": "whsec_hidden"}]})
    target.save()
    rule = Rule.objects.create(bus=bus, name="big", pattern='{"source": ["shop"]}')
    RuleTarget.objects.create(rule=rule, target=target)
    out = io.StringIO()

    call_command("export_rules", stdout=out)

    said = json.loads(out.getvalue())
    assert said["rules"] == [
        {"name": "big", "bus": "orders", "pattern": '{"source": ["shop"]}', "targets": [{"name": "crm"}]}
    ]
    assert said["targets"] == [
        {"name": "crm", "url": "https://example.com/in", "secrets_to_give": ["signing"]}
    ]
    assert "whsec_hidden" not in out.getvalue()


def test_export_keeps_the_text_of_the_numbers_in_a_pattern() -> None:
    bus = Bus.objects.create(name="orders")
    Rule.objects.create(bus=bus, name="big", pattern='{"detail": {"a": [1.50, 12345678901234567]}}')
    out = io.StringIO()

    call_command("export_rules", stdout=out)

    assert "1.50" in out.getvalue()
    assert "12345678901234567" in out.getvalue()
