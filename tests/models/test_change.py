"""Every way of changing the configuration is noted, so that running processes see it."""

from collections.abc import Callable

import pytest

from eventhub.models import ApiKey, Bus, Rule, RuleTarget, Target, current_version

pytestmark = pytest.mark.django_db


def make_rule(**members: object) -> Rule:
    bus = Bus.objects.get(name="default")
    return Rule.objects.create(**{"bus": bus, "name": "r", "pattern": '{"source": ["shop"]}', **members})


CHANGES: dict[str, Callable[[], object]] = {
    "creating a row": lambda: Target.objects.create(name="b", url="http://b.example/"),
    "saving a row": lambda: Target.objects.get().save(),
    "updating many rows": lambda: Target.objects.filter(enabled=True).update(enabled=False),
    "deleting a row": lambda: RuleTarget.objects.get().delete(),
    "deleting many rows": lambda: Rule.objects.all().delete(),
    "inserting many rows": lambda: Bus.objects.bulk_create([Bus(name="x"), Bus(name="y")]),
    "linking and unlinking": lambda: Rule.objects.get().set_targets([]),
    "making a key": lambda: ApiKey.objects.create(id="K" * 16, secret_digest=b"", sealed_secret=b""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_raises_the_version_of_the_configuration(change: str) -> None:
    make_rule().set_targets([Target.objects.create(name="a", url="http://a.example/")])
    before = current_version()

    CHANGES[change]()

    assert current_version() > before
