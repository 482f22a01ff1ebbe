"""What holds for all rules and events."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventhub.domain import jsontext
from eventhub.domain.jsontext import JsonTextError
from eventhub.domain.pattern import (
    Matches,
    PatternError,
    RuleIndex,
    Verdict,
    branching,
    explain,
    match,
    matches,
    near_misses,
    parse,
)
from eventhub.domain.pattern.asking import Asked
from eventhub.domain.pattern.chains import can_choose_in_chains
from eventhub.domain.pattern.choosing import Effort
from eventhub.domain.pattern.explain import explain_leaves
from eventhub.domain.pattern.flatten import Element, Found, Paths, flatten
from eventhub.domain.pattern.ranges import Ranges
from eventhub.domain.pattern.tree import Branch, Pattern
from tests.domain.pattern.strategies import (
    EVENTS,
    JSON_LIKE,
    LITERALS,
    NUMBERS,
    OPERATORS,
    OPERATORS_OF_NUMBERS,
    PATTERNS,
    STRINGS,
    listed,
)

ANY_CHARACTER = st.characters(exclude_categories=[])  # surrogates, too

# Enough to notice; `make test-all` looks longer.
modest = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
thorough = settings(modest, max_examples=1000)


RULES = st.lists(PATTERNS, min_size=1, max_size=20)
SOME_EVENTS = st.lists(EVENTS, min_size=1, max_size=5)


@modest
@given(RULES, SOME_EVENTS, st.data())
def test_index_and_plain_matcher_agree(texts: list[str], events: list[str], data: st.DataObject):
    check_that_matchers_agree(texts, events, data)


@pytest.mark.whole
@thorough
@given(RULES, SOME_EVENTS, st.data())
def test_index_and_plain_matcher_agree_at_length(texts: list[str], events: list[str], data: st.DataObject):
    check_that_matchers_agree(texts, events, data)


def check_that_matchers_agree(texts: list[str], events: list[str], data: st.DataObject) -> None:
    """Add, remove and replace rules in any order; ask on the way."""
    patterns = [parse(text) for text in texts]
    rules: dict[int, Pattern] = {}
    index = RuleIndex()
    changes = st.tuples(st.integers(0, len(texts) - 1), st.sampled_from(patterns) | st.none())
    first = [*enumerate(patterns)] if data.draw(st.booleans()) else []
    for rule_id, pattern in [*first, *data.draw(st.lists(changes, max_size=30))]:
        if pattern is not None:
            index.add(rule_id, pattern)
            rules[rule_id] = pattern
        elif rules.pop(rule_id, None) is not None:
            index.remove(rule_id)
        if data.draw(st.integers(0, 9)) == 0:
            check_events(index, rules, events)
    check_events(index, rules, events)


def check_events(index: RuleIndex, rules: dict[int, Pattern], events: list[str]) -> None:
    for text in events:
        event = jsontext.decode(text.encode())
        verdicts = {rule_id: match(pattern, event) for rule_id, pattern in sorted(rules.items())}
        assert index.match(event) == Matches(
            [rule_id for rule_id, verdict in verdicts.items() if verdict is Verdict.MATCH],
            [rule_id for rule_id, verdict in verdicts.items() if verdict is Verdict.TOO_COMPLEX],
        )


@pytest.fixture(params=[16, 1], ids=["each guard", "lists of guards"])
def splits_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every second rule looked up rather than asked, by whatever guards it."""
    monkeypatch.setattr(branching, "MAX_WAYS", request.param)
    monkeypatch.setattr(branching, "MAX_COUNT", 1)
    monkeypatch.setattr(branching, "MUST_SPLIT", 1)


@modest
@pytest.mark.usefixtures("splits_at_once")
@given(RULES, SOME_EVENTS, st.data())
def test_index_that_is_split_at_once_agrees(texts: list[str], events: list[str], data: st.DataObject):
    check_that_matchers_agree(texts, events, data)


@pytest.mark.whole
@thorough
@pytest.mark.usefixtures("splits_at_once")
@given(RULES, SOME_EVENTS, st.data())
def test_index_that_is_split_at_once_agrees_at_length(
    texts: list[str], events: list[str], data: st.DataObject
):
    check_that_matchers_agree(texts, events, data)


def check_that_what_is_left_open_is_told(texts: list[str], events: list[str]) -> None:
    """Of an event that may take nothing, nobody is told what is not so; what is left open, is."""
    index = RuleIndex()
    patterns = [parse(text) for text in texts]
    for rule_id, pattern in enumerate(patterns):
        index.add(rule_id, pattern)
    for text in events:
        event = jsontext.decode(text.encode())
        found = index.match(event)
        for rule_id, pattern in enumerate(patterns):
            verdict = match(pattern, event)
            if rule_id in found.rule_ids:
                assert verdict is Verdict.MATCH
            elif rule_id not in found.too_complex:
                assert verdict is Verdict.NO_MATCH
        if "[" not in text and "." not in text:  # one value at each path
            assert not found.too_complex


@modest
@pytest.mark.usefixtures("splits_at_once")
@given(RULES, SOME_EVENTS, st.integers(-1, 5))
def test_index_that_may_look_nothing_up_leaves_it_open(texts: list[str], events: list[str], steps: int):
    with pytest.MonkeyPatch.context() as patch:
        for module in ("index", "values"):
            patch.setattr(f"eventhub.domain.pattern.{module}.MAX_STEPS_IN_ALL", steps)
        patch.setattr(branching, "FEW_VALUES", 0)
        check_that_what_is_left_open_is_told(texts, events)


# Rules that ask one field, so that every look-up has many members of one kind.
ONE_FIELD = listed(OPERATORS | OPERATORS_OF_NUMBERS).map(lambda values: f'{{"a":{{"b":{values}}}}}')
VALUES = STRINGS | NUMBERS | LITERALS
ONE_VALUE = st.one_of(
    VALUES.map(lambda value: f'{{"a":{{"b":{value}}}}}'),
    st.lists(VALUES, max_size=3).map(lambda values: f'{{"a":{{"b":[{",".join(values)}]}}}}'),
    st.lists(VALUES, max_size=3).map(
        lambda values: '{"a":[' + ",".join([f'{{"b":{value}}}' for value in values] + ["{}"]) + "]}"
    ),
)


@modest
@pytest.mark.usefixtures("splits_at_once")
@given(st.lists(ONE_FIELD, min_size=2, max_size=40), st.lists(ONE_VALUE, min_size=1, max_size=8), st.data())
def test_look_ups_agree(texts: list[str], events: list[str], data: st.DataObject):
    check_that_matchers_agree(texts, events, data)


@pytest.mark.whole
@thorough
@pytest.mark.usefixtures("splits_at_once")
@given(st.lists(ONE_FIELD, min_size=2, max_size=40), st.lists(ONE_VALUE, min_size=1, max_size=8), st.data())
def test_look_ups_agree_at_length(texts: list[str], events: list[str], data: st.DataObject):
    check_that_matchers_agree(texts, events, data)


BOUNDS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5).map(float)
INTERVALS = st.tuples(BOUNDS | st.just(-math.inf), BOUNDS | st.just(math.inf)).filter(
    lambda one: one[0] < one[1]
)


@modest
@given(st.lists(INTERVALS, unique=True), st.lists(BOUNDS), st.data())
def test_ranges_are_found_by_the_numbers_in_them(
    intervals: list[tuple[float, float]], numbers: list[float], data: st.DataObject
):
    ranges: Ranges[tuple[float, float]] = Ranges()
    for interval in intervals:
        ranges.put(interval, interval)
    for interval in data.draw(st.lists(st.sampled_from(intervals), unique=True)) if intervals else []:
        ranges.drop(interval)
        intervals.remove(interval)

    asked = [*numbers, *(bound for one in intervals for bound in one if math.isfinite(bound))]
    for number in asked:
        expected = sorted(one for one in intervals if one[0] <= number < one[1])
        assert sorted(ranges.find(number)) == expected
    assert set(ranges.find_any(dict.fromkeys(asked))) == {
        one for one in intervals if any(one[0] <= number < one[1] for number in asked)
    }


@modest
@given(PATTERNS)
def test_normalised_pattern_is_the_same_pattern(text: str):
    pattern = parse(text)

    assert parse(pattern.dump()).branches == pattern.branches
    assert parse(pattern.dump()).dump() == pattern.dump()


@modest
@given(JSON_LIKE | st.text(ANY_CHARACTER, max_size=60) | st.binary(max_size=60))
def test_text_is_read_or_refused_as_a_pattern(text: str | bytes):
    try:
        pattern = parse(text)
    except PatternError:
        return
    match(pattern, {"a": [1, {"b": "x"}]})


@modest
@given(PATTERNS, EVENTS, st.integers(min_value=0), st.sampled_from('{}[]:,"\\x1e.'))
def test_damaged_pattern_is_read_or_refused(text: str, event: str, place: int, char: str):
    at = place % len(text)
    try:
        pattern = parse(text[:at] + char + text[at + 1 :])
    except PatternError:
        return
    match(pattern, jsontext.decode(event.encode()))


def _compatible(leaf: Found, chosen: dict[int, int]) -> bool:
    return all(chosen.get(element.array, element.index) == element.index for element in _around(leaf.element))


def _around(element: Element | None) -> Iterator[Element]:
    while element is not None:
        yield element
        element = element.parent


def _choose(fields: Branch, leaves: dict[str, list[Found]], chosen: dict[int, int]) -> bool:
    """Search as the specification tells it: path by path, any leaf that fits what is chosen so far."""
    if not fields:
        return True
    field, *others = fields
    compatible = [leaf for leaf in leaves.get(field.path, []) if _compatible(leaf, chosen)]
    if field.may_be_absent and not compatible and _choose(tuple(others), leaves, chosen):
        return True
    return any(
        _choose(
            tuple(others),
            leaves,
            chosen | {element.array: element.index for element in _around(leaf.element)},
        )
        for leaf in compatible
        if any(value.matches(leaf.value) for value in field.values)
    )


@modest
@given(PATTERNS, EVENTS)
def test_choice_of_array_elements_is_what_a_plain_search_finds(text: str, event: str):
    check_choice(text, event)


@pytest.mark.whole
@thorough
@given(PATTERNS, EVENTS)
def test_choice_of_array_elements_is_what_a_plain_search_finds_at_length(text: str, event: str):
    check_choice(text, event)


def check_choice(text: str, event_text: str) -> None:
    pattern, event = parse(text), jsontext.decode(event_text.encode())
    leaves = flatten(event, Paths.of(field.path for field in pattern.fields))

    assert matches(pattern, event) is any(_choose(branch, leaves, {}) for branch in pattern.branches)


@modest
@given(PATTERNS, EVENTS)
def test_branches_that_are_judged_at_once_are_judged_alike(text: str, event: str):
    check_judging_at_once(text, event)


@pytest.mark.whole
@thorough
@given(PATTERNS, EVENTS)
def test_branches_that_are_judged_at_once_are_judged_alike_at_length(text: str, event: str):
    check_judging_at_once(text, event)


def check_judging_at_once(text: str, event_text: str) -> None:
    pattern, event = parse(text), jsontext.decode(event_text.encode())
    leaves = flatten(event, Paths.of(field.path for field in pattern.fields))
    at_once = can_choose_in_chains(pattern.branches, Asked(leaves, pattern.costs))

    for branch, holds in zip(pattern.branches, at_once, strict=True):
        assert holds is None or holds is _choose(branch, leaves, {})


@modest
@given(PATTERNS, EVENTS, st.integers(0, 60))
def test_explanation_that_may_look_at_little_gives_the_same_verdict(text: str, event_text: str, steps: int):
    pattern, event = parse(text), jsontext.decode(event_text.encode())
    leaves = flatten(event, Paths.of(field.path for field in pattern.fields))

    explanation = explain_leaves(Asked(leaves, pattern.costs), pattern, Effort(steps))

    assert explanation.verdict is match(pattern, event)
    assert explanation.satisfied <= explanation.clauses
    assert explanation.as_dict()["tree"]["holds"] is matches(pattern, event)
    if not explanation.not_compared:
        assert explanation == explain(pattern, event)


@modest
@given(PATTERNS, EVENTS)
def test_explanation_agrees_with_the_verdict(text: str, event_text: str):
    check_explanation(text, event_text)


@pytest.mark.whole
@thorough
@given(PATTERNS, EVENTS)
def test_explanation_agrees_with_the_verdict_at_length(text: str, event_text: str):
    check_explanation(text, event_text)


def check_explanation(text: str, event_text: str) -> None:
    pattern, event = parse(text), jsontext.decode(event_text.encode())
    explained = explain(pattern, event)
    explanation = explained.as_dict()

    assert explanation["matches"] is matches(pattern, event)
    assert explanation["satisfied"] <= explanation["clauses"]
    assert explanation["first_failing"] is None or not explanation["matches"]
    assert bool(near_misses([(1, pattern)], event)) is not explanation["matches"]
    assert jsontext.decode(jsontext.encode(explanation)) == explanation
    if (explained.satisfied == explained.clauses) is not explanation["matches"]:
        assert explanation["verdict"] == "too complex"
    check_that_no_leaf_contradicts_itself(pattern, explanation["tree"])


def check_that_no_leaf_contradicts_itself(pattern: Pattern, tree: dict[str, Any]) -> None:
    """What holds was found to satisfy the field or to be missing as wanted; what fails, not."""
    operators = {
        str(jsontext.encode([value.dump() for value in field.values])): field for field in pattern.fields
    }
    todo = [tree]
    while todo:
        node = todo.pop()
        todo += node.get("members", []) + node.get("alternatives", [])
        if node["kind"] == "field":
            field = operators[str(jsontext.encode(node["operators"]))]
            satisfied = any(value.matches(found) for value in field.values for found in node["found"])
            if not node["words"].endswith("where it holds, fewer others do"):
                assert node["holds"] is (satisfied or (field.may_be_absent and not node["found"])), node
        elif node["kind"] == "all":
            assert node["holds"] is all(member["holds"] for member in node["members"]), node
        elif node["holds"]:
            assert any(alternative["holds"] for alternative in node["alternatives"]), node


# One array of flat objects: few enough ways that all can be tried.
FLAT = st.fixed_dictionaries({}, optional=dict.fromkeys("abcd", st.sampled_from([1, 2])))
FLAT_FIELDS = st.dictionaries(
    st.sampled_from("abcd"),
    st.sampled_from([[1], [2], [{"exists": False}], [1, {"exists": False}], [{"exists": True}]]),
    min_size=1,
)


@modest
@given(FLAT_FIELDS, st.lists(FLAT, min_size=1, max_size=4))
def test_the_nearest_element_is_the_one_in_which_most_fields_hold(
    fields: dict[str, Any], elements: list[dict[str, int]]
):
    def holding(element: dict[str, int]) -> int:
        """Judge the fields in order; until one has a value in the element, absence is judged over all."""
        count, is_chosen = 0, False
        for name, operators in sorted(fields.items()):
            may_be_absent = {"exists": False} in operators
            if element.get(name, 0) in operators or ({"exists": True} in operators and name in element):
                count, is_chosen = count + 1, True
            elif may_be_absent:
                count += not any(name in one for one in ([element] if is_chosen else elements))
            else:
                is_chosen = is_chosen or name in element
        return count

    explanation = explain(parse(json.dumps({"items": fields})), {"items": elements})

    assert explanation.satisfied == max(map(holding, elements))


def _pairs_are_unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError
    return dict(pairs)


@modest
@given(EVENTS | JSON_LIKE)
def test_detail_is_refused_exactly_if_strict_json_refuses_it(text: str):
    def strictly(text: str) -> bool:
        try:
            value = json.loads(text, object_pairs_hook=_pairs_are_unique, parse_constant=lambda name: 1 / 0)
        except (ValueError, ZeroDivisionError):
            return False
        return isinstance(value, dict)

    try:
        jsontext.check_detail(text.encode())
        is_accepted = True
    except JsonTextError:
        is_accepted = False

    assert is_accepted is strictly(text)


@pytest.mark.parametrize("text", ['{"a": [{"numeric": ["<=", -0]}]}', '{"a": [-0, -0.0, 1.50, 1e2]}'])
def test_numbers_are_serialised_as_they_were_written(text: str):
    pattern = parse(text)

    assert parse(pattern.dump()).branches == pattern.branches
