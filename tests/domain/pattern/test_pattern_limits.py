import json
import random
from typing import Any

import pytest

from eventhub.domain import jsontext
from eventhub.domain.pattern import (
    Matches,
    Pattern,
    PatternError,
    RuleIndex,
    Verdict,
    explain,
    match,
    matches,
    parse,
)

ALTERNATIVES = '"$or": [{"a": [1]}, {"b": [2]}]'


def test_pattern_may_have_4096_characters():
    parse('{"a": ["' + "x" * 4085 + '"]}')

    with pytest.raises(PatternError, match="at most 4096 characters, got 4097"):
        parse('{"a": ["' + "x" * 4086 + '"]}')


def test_alternatives_that_multiply_are_refused():
    assert len(parse("{" + ", ".join([ALTERNATIVES] * 9) + "}").branches) == 512

    with pytest.raises(PatternError, match="at most 1000 combinations"):
        parse("{" + ", ".join([ALTERNATIVES] * 10) + "}")


@pytest.mark.parametrize(
    "wildcard",
    ["*", "*.png", "*/images/*", "arn:aws:events:us-east-1:*:event-bus/*", "*a*a*a*", "a*b*c*d*e*f"],
)
def test_wildcards_of_everyday_use_are_accepted(wildcard: str):
    parse(json.dumps({"a": [{"wildcard": wildcard}]}))


@pytest.mark.parametrize("wildcard", ["*:*:*:*:*:event-bus/*", "*" + "ab" * 2000, "*a" * 1000])
@pytest.mark.parametrize("expression", ['{"wildcard": %s}', '{"anything-but": {"wildcard": ["x", %s]}}'])
def test_wildcard_that_is_too_complex_is_refused(wildcard: str, expression: str):
    with pytest.raises(PatternError) as caught:
        parse('{"d": {"a": [' + expression % json.dumps(wildcard) + "]}}")

    assert caught.value.reference_text.startswith("Rule is too complex - try using fewer wildcard characters")
    assert caught.value.path == "d.a"


@pytest.mark.parametrize(
    "operators",
    [
        [{"wildcard": f"*.{ending}"} for ending in ("png", "jpg", "gif", "svg", "ico", "pdf")],
        [{"anything-but": {"wildcard": [f"*{letter}*" for letter in "abcdef"]}}],
        [{"wildcard": "*a*b*"}, {"anything-but": {"wildcard": ["*a*b*", "*ab*ab"]}}],
    ],
)
def test_wildcards_of_one_field_count_together(operators: list[dict[str, Any]]):
    with pytest.raises(PatternError, match="fewer stars") as caught:
        parse(json.dumps({"a": operators}))

    assert caught.value.reference_text.startswith("Rule is too complex")
    for operator in operators[:-1]:
        parse(json.dumps({"a": [operator]}))


def test_wildcards_that_no_text_begins_alike_do_not_count_together():
    parse(json.dumps({"a": [{"wildcard": f"{number}-*.png"} for number in range(100)]}))


def test_pattern_may_be_as_deep_as_it_is_long():
    depth = 810
    pattern = parse('{"":' * depth + '{"a":[1]}' + "}" * depth)

    assert pattern.branches[0][0].path == "." * (depth - 1) + ".a"
    assert parse(pattern.dump()).branches == pattern.branches


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]"), ('[{"a":', "}]")])
def test_event_may_be_deeper_than_python_recurses(opening: str, closing: str):
    depth = 5000
    event = jsontext.decode(f'{{"a":{opening * depth}1{closing * depth},"b":1}}'.encode())

    assert matches(parse('{"a": [{"exists": false}, 1], "b": [1]}'), event)


def test_fields_are_found_in_arrays_nested_a_thousand_times():
    depth = 1000
    event = jsontext.decode(b'{"a":' + b"[" * depth + b'{"b":1,"c":2},{"b":3,"c":4}' + b"]" * depth + b"}")

    assert matches(parse('{"a": {"b": [3], "c": [4]}}'), event)
    assert not matches(parse('{"a": {"b": [1], "c": [4]}}'), event)


def test_search_through_one_chain_of_arrays_is_linear():
    size = 5000
    items = [{"a": 1} if number % 2 else {"b": 1} for number in range(size)]

    assert match(parse('{"items": {"a": [1], "b": [1]}}'), {"items": items}) is Verdict.NO_MATCH
    assert (
        match(parse('{"items": {"a": [1], "b": [1]}}'), {"items": [*items, {"a": 1, "b": 1}]})
        is Verdict.MATCH
    )


def spellings(steps: list[str]) -> list[list[str]]:
    """Return the ways to write a path in an event: every dot may join two keys or lie inside one."""
    ways = [[steps[0]]]
    for step in steps[1:]:
        ways = [[*way, step] for way in ways] + [[*way[:-1], f"{way[-1]}.{step}"] for way in ways]
    return ways


def field_in_many_arrays(arrays: int, fields: int) -> tuple[Pattern, dict[str, Any]]:
    """Return a pattern and an event in which each field can be found in any of many arrays.

    An element of an array has some of the fields, at random: choosing elements is a puzzle.
    """
    dice = random.Random(7)
    names = [f"f{number:02}" for number in range(fields)]
    event: dict[str, Any] = {}
    for way in spellings(["a", "b", "c", "d", "e"])[:arrays]:
        inner = event
        for step in way[:-1]:
            inner = inner.setdefault(step, {})
        inner[way[-1]] = [{name: 1 for name in names if dice.random() < 0.15} for _ in range(4)]
    return parse(json.dumps({"a.b.c.d.e": {name: [1] for name in names}})), event


def test_search_that_multiplies_is_given_up():
    pattern, event = field_in_many_arrays(arrays=10, fields=55)

    assert match(pattern, event) is Verdict.TOO_COMPLEX


def test_search_through_long_arrays_is_given_up_as_soon():
    names = [f"f{number:02}" for number in range(30)]
    elements = [{name: 1} for name in names] * 500
    pattern = parse(json.dumps({"a.b": {name: [1] for name in names}}))

    assert match(pattern, {"a": {"b": elements}, "a.b": elements}) is Verdict.TOO_COMPLEX


def test_search_that_is_given_up_is_told_by_the_index():
    pattern, event = field_in_many_arrays(arrays=10, fields=55)
    index = RuleIndex()
    index.add(1, pattern)
    index.add(2, parse('{"a.b.c.d.e.f00": [1]}'))

    assert index.match(event) == Matches(rule_ids=[2], too_complex=[1])


def test_search_that_multiplies_still_finds_what_is_easy():
    event = {"a": [[{"x": 1}, {"y": 1}], [{"x": 1, "y": 1}]]}

    assert match(parse('{"a": {"x": [1], "y": [1]}}'), event) is Verdict.MATCH


def test_alternatives_may_be_nested_fifty_deep():
    def nested(depth: int) -> str:
        return '{"$or": [{"a": [1]}, ' * depth + '{"b": [2]}' + "]}" * depth

    pattern = parse(nested(50))
    assert explain(pattern, {"b": 2}).as_dict()["matches"]
    with pytest.raises(PatternError, match="at most 50 levels"):
        parse(nested(51))
