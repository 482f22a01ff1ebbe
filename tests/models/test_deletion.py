"""What may be deleted, and what that does to its surroundings."""

import pytest
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import Bus, Rule, Target

pytestmark = pytest.mark.django_db


def test_the_default_bus_cannot_be_deleted() -> None:
    bus = Bus.objects.get(name="default")

    with pytest.raises(ValidationError, match="Cannot delete event bus default"):
        bus.delete()
    with pytest.raises(ValidationError, match="Cannot delete event bus default"):
        Bus.objects.all().delete()


def test_a_target_in_use_cannot_be_deleted_and_the_rules_are_named() -> None:
    target = Target.objects.create(name="till", url="http://till.example/")
    rule = Rule.objects.create(bus=Bus.objects.get(), name="sales", pattern="{}")
    rule.set_targets([target])

    with pytest.raises(ProtectedError, match=r"target till is used by rule sales \(bus default\)"):
        target.delete()


def test_a_bus_that_a_target_feeds_cannot_be_deleted() -> None:
    bus = Bus.objects.create(name="marketing")
    Target.objects.create(name="to-marketing", kind="bus", bus=bus)

    with pytest.raises(ProtectedError, match="is fed by target to-marketing"):
        bus.delete()


def test_a_key_for_a_deleted_bus_does_not_become_one_for_every_bus() -> None:
    gone, stays = Bus.objects.create(name="gone"), Bus.objects.create(name="stays")
    only, _ = mint("only", [Scope.EVENTS_PUT], buses=[gone])
    both, _ = mint("both", [Scope.EVENTS_PUT], buses=[gone, stays])

    gone.delete()
    only.refresh_from_db()
    both.refresh_from_db()

    assert (only.enabled, both.enabled) == (False, True)


def test_a_bus_keeps_its_name() -> None:
    bus = Bus.objects.create(name="old")
    bus.name = "new"

    with pytest.raises(ValidationError, match="keeps its name"):
        bus.full_clean()
