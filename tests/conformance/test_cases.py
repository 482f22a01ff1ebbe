from collections.abc import Mapping

import pytest

from eventhub.domain import jsontext
from eventhub.domain.pattern import PatternError, RuleIndex, matches, parse
from tests.conformance.cases import ErrorCase, EventCase, error_cases, event_cases

EVENTS = event_cases()
ERRORS = error_cases()


def every(cases: Mapping[str, object]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in cases.items()])


def test_no_case_of_the_contract_is_lost():
    assert len(EVENTS) + len(ERRORS) >= 987


@every(EVENTS)
def test_pattern_matches_what_the_contract_says(case: EventCase):
    pattern, event = parse(case.pattern), jsontext.decode(case.event)

    assert matches(pattern, event) is case.matches


@every(EVENTS)
def test_index_matches_what_the_contract_says(case: EventCase):
    index = RuleIndex()
    index.add(1, parse(case.pattern))

    assert index.match(jsontext.decode(case.event)).rule_ids == [1] * case.matches


@every(ERRORS)
def test_error_has_the_text_of_the_contract(case: ErrorCase):
    with pytest.raises(PatternError) as caught:
        parse(case.pattern)

    assert caught.value.reference_text.split("\n at [Source")[0] == case.error


def test_index_of_all_rules_matches_like_each_rule_alone():
    patterns = {case.pattern: parse(case.pattern) for case in EVENTS.values()}
    index = RuleIndex()
    for rule_id, pattern in enumerate(patterns.values()):
        index.add(rule_id, pattern)

    # Every seventh event meets every rule: enough to see rules get in each other's way.
    for case in list(EVENTS.values())[::7]:
        event = jsontext.decode(case.event)
        expected = [rule_id for rule_id, pattern in enumerate(patterns.values()) if matches(pattern, event)]
        assert sorted(index.match(event).rule_ids) == expected


@pytest.mark.parametrize("text", sorted({case.pattern for case in EVENTS.values()}))
def test_normalised_pattern_is_the_same_pattern(text: str):
    pattern = parse(text)

    assert parse(pattern.dump()).branches == pattern.branches
