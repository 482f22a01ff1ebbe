"""Rules: what is refused, and the versions they leave."""

import pytest
from django.core.exceptions import ValidationError

from eventhub.domain.pattern import parse
from eventhub.models import Bus, Rule, RuleVersion, Target

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule() -> Rule:
    rule = Rule.objects.create(
        bus=Bus.objects.get(name="default"), name="big-orders", pattern='{"source": ["shop"]}'
    )
    rule.record_version(by="user:ann")
    return rule


def test_a_pattern_error_is_at_the_field_and_says_where(rule: Rule) -> None:
    rule.pattern = '{"source": "shop"}'

    with pytest.raises(ValidationError) as refused:
        rule.full_clean()

    assert list(refused.value.message_dict) == ["pattern"]
    assert "line 1, column 12" in refused.value.message_dict["pattern"][0]


def test_a_pattern_of_more_than_4096_characters_is_refused(rule: Rule) -> None:
    rule.pattern = '{"source": ["' + "x" * 4096 + '"]}'

    with pytest.raises(ValidationError, match="wanted at most 4096 characters"):
        rule.full_clean()


@pytest.mark.parametrize(
    "pattern",
    [
        '{"detail": {"prefix": ["x"]}}',
        '{"exists": [true]}',
        '{"source": ["' + "x" * 4060 + '"]}',
        '{"$or": [' + ", ".join(f'{{"a": [{n}]}}' for n in range(280)) + "]}",
        '{"$or": [{"a": [1]}, {"b": [2]}]}',
    ],
)
def test_a_pattern_with_a_schedule_is_saved_only_if_it_will_be_in_force(rule: Rule, pattern: str) -> None:
    rule.pattern = pattern
    rule.full_clean()
    rule.schedule_expression = "rate(5 minutes)"

    try:
        rule.full_clean()
    except ValidationError as refused:
        (text,) = refused.message_dict["pattern"]
        assert text.startswith("it cannot be joined with a schedule (")
    else:
        assert parse(rule.routed_pattern)


def test_a_rule_stays_on_its_bus(rule: Rule) -> None:
    rule.bus = Bus.objects.create(name="other")

    with pytest.raises(ValidationError, match="stays on its bus"):
        rule.full_clean()


def test_a_change_makes_the_next_version_and_no_change_makes_none(rule: Rule) -> None:
    assert rule.record_version(by="user:bob") is None

    rule.set_targets([Target.objects.create(name="t", url="http://t.example/")])
    second = rule.record_version(by="user:bob")

    assert second is not None
    assert (second.number, second.made_by, second.targets[0]["name"]) == (2, "user:bob", "t")
    assert [version.number for version in rule.versions.all()] == [2, 1]


def test_a_recorded_version_cannot_change(rule: Rule) -> None:
    version = rule.versions.get()
    version.pattern = "{}"

    with pytest.raises(TypeError, match="immutable"):
        version.save()
    with pytest.raises(TypeError, match="immutable"):
        RuleVersion.objects.update(pattern="{}")
    with pytest.raises(TypeError, match="immutable"):
        RuleVersion.objects.bulk_update([version], ["pattern"])


def test_targets_that_stay_keep_their_link(rule: Rule) -> None:
    stays, goes, comes = (Target.objects.create(name=name, url="http://t.example/") for name in "abc")
    rule.set_targets([stays, goes])
    link = rule.links.get(target=stays)

    rule.set_targets([comes, stays])

    assert rule.links.get(target=stays).pk == link.pk
    assert {target.name for target in rule.targets.all()} == {"a", "c"}
