import json
import random
import time
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


def test_half_of_a_pair_is_no_text():
    for text in ('{"\ud800": [1]}', '{"a": [{"wildcard": "\udfff**"}]}'):
        with pytest.raises(PatternError, match="characters of Unicode"):
            parse(text)


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


def test_rules_together_are_given_up_where_each_is_bounded(monkeypatch: pytest.MonkeyPatch):
    pattern, event = field_in_many_arrays(arrays=10, fields=55)
    easy = parse('{"a.b.c.d.e": {"f00": [1], "f01": [1]}}')
    monkeypatch.setattr("eventhub.domain.pattern.index.MAX_STEPS_IN_ALL", 50_000)
    index = RuleIndex()
    for rule_id in (2, 3, 4):
        index.add(rule_id, pattern)
    index.add(1, easy)
    index.add(5, easy)

    assert index.match(event) == Matches(rule_ids=[1], too_complex=[2, 3, 4, 5])


def field_at_every_spelling(dots: int, ends: dict[str, Any], last_end: dict[str, Any]) -> dict[str, Any]:
    """Return an event in which every way to write a path of so many dots leads to an array of its own."""
    ways = spellings(["a"] * (dots + 1))
    event: dict[str, Any] = {}
    for way in ways:
        inner = event
        for step in way[:-1]:
            inner = inner.setdefault(step, {})
        inner[way[-1]] = [{**ends}]
    inner[way[-1]][0].update(last_end)
    return event


@pytest.mark.parametrize(
    ("absent", "verdict"),
    [
        ("A", Verdict.NO_MATCH),  # judged before f and g have chosen an element
        ("h", Verdict.TOO_COMPLEX),  # which of thousands of arrays should they choose?
        ("i", Verdict.MATCH),  # in no element
    ],
)
def test_a_step_is_as_short_among_thousands_of_arrays(absent: str, verdict: Verdict):
    event = field_at_every_spelling(12, {"f": 1, "g": 1}, {"A": 1, "h": 1})
    wanted = {"f": [1], "g": [1], absent: [{"exists": False}]}
    pattern = parse(json.dumps({".".join("a" * 13): wanted}))

    began = time.process_time()
    assert match(pattern, event) is verdict
    assert time.process_time() - began < 1


def test_elements_nested_deep_cost_the_same_for_many_fields():
    names = [f"f{number:03}" for number in range(300)]
    nested: Any = dict.fromkeys(names, 1)
    for _ in range(900):
        nested = [nested]
    pattern = parse(json.dumps({"a": {name: [1] for name in names}}))

    began = time.process_time()
    assert match(pattern, {"a": [nested] * 20}) is Verdict.MATCH
    assert time.process_time() - began < 2


@pytest.mark.parametrize("count", [14, 50, 110])
def test_fields_that_may_be_absent_are_not_guessed(count: int):
    names = [f"f{number:03}" for number in range(count)]
    pattern = parse(json.dumps({"lines": {name: ["ok", {"exists": False}] for name in names}}))
    # The first line has the first field and no other; of the others, each has one field that is wrong.
    wrong = [{name: "ok" if name != bad else "bad" for name in names} for bad in names]
    index = RuleIndex()
    index.add(1, pattern)

    assert match(pattern, {"lines": [{names[0]: "ok"}, *wrong]}) is Verdict.MATCH
    assert match(pattern, {"lines": wrong}) is Verdict.NO_MATCH
    assert match(pattern, {"lines": [{names[1]: "ok"}, *wrong]}) is Verdict.NO_MATCH  # f000 is there
    assert index.match({"lines": [*wrong, {names[0]: "ok"}]}) == Matches(rule_ids=[1])
    assert index.match({"lines": wrong}) == Matches()


def test_fields_that_may_be_absent_are_not_guessed_in_nested_arrays():
    names = [f"f{number:02}" for number in range(40)]
    pattern = parse(json.dumps({"a": {"b": {name: ["ok", {"exists": False}] for name in names}, "z": [1]}}))
    wrong = dict.fromkeys(names, "ok") | {names[-1]: "bad"}

    assert match(pattern, {"a": [{"b": [wrong, wrong], "z": 1}, {"z": 1}]}) is Verdict.NO_MATCH
    assert match(pattern, {"a": [{"b": [wrong, {names[0]: "ok"}], "z": 1}]}) is Verdict.MATCH


def test_long_arrays_of_one_chain_are_never_too_complex():
    size = 20_000
    lines = [[{"a": 1, "c": 1}] if number % 2 else [{"b": 1}] for number in range(size)]
    pattern = parse('{"lines": {"a": [1, {"exists": false}], "b": [1], "c": [{"exists": false}]}}')

    assert match(pattern, {"lines": lines}) is Verdict.NO_MATCH
    assert match(pattern, {"lines": [*lines, [{"a": 1, "b": 1}]]}) is Verdict.MATCH


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


def test_refusal_of_a_wildcard_says_where_it_is():
    text = '{\n  "detail": {"resource": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}\n}'
    with pytest.raises(PatternError) as caught:
        parse(text)

    assert (caught.value.path, caught.value.line, caught.value.column) == ("detail.resource", 2, 26)
    assert "at [Source" not in caught.value.reference_text  # EventBridge's has no place


# -- many questions to many values ------------------------------------------------------------------

# Of each sort as many as a pattern has room for, none of which holds for the values below.
MANY_OPERATORS = {
    "suffix": [{"suffix": f"-{number}"} for number in range(200)],
    "prefix in either case": [{"prefix": {"equals-ignore-case": f"x{number}"}} for number in range(90)],
    "equals-ignore-case": [{"equals-ignore-case": f"x{number}"} for number in range(120)],
    "cidr": [{"cidr": f"10.{number}.0.0/16"} for number in range(140)],
    "numeric": [{"numeric": [">", 10**9 + number]} for number in range(120)],
    "wildcard": [{"wildcard": f"x{number}*z"} for number in range(150)],
    "anything-but a prefix": [{"anything-but": {"prefix": ["v", *(f"x{number}" for number in range(500))]}}],
    "some of each": [
        "x",
        *({"suffix": f"-{number}"} for number in range(60)),
        *({"numeric": [">", 10**9 + number]} for number in range(40)),
    ],
}
VALUES = [f"v{number}" for number in range(5000)]


@pytest.mark.parametrize("operators", MANY_OPERATORS.values(), ids=MANY_OPERATORS)
@pytest.mark.parametrize("form", ["scalars", "elements"])
def test_too_many_questions_are_not_asked_but_told(operators: list[Any], form: str):
    if form == "scalars":
        rule, event = {"a": operators, "s": ["x"]}, {"a": VALUES, "s": "x"}
    else:
        rule = {"a": {"b": operators, "c": [1]}, "s": ["x"]}
        event = {"a": [{"b": value, "c": 1} for value in VALUES], "s": "x"}
    pattern = parse(json.dumps(rule))
    index = RuleIndex()
    index.add(1, pattern)
    index.add(2, parse('{"s": ["x"]}'))

    began = time.process_time()
    assert match(pattern, event) is Verdict.TOO_COMPLEX
    assert index.match(event) == Matches(rule_ids=[2], too_complex=[1])
    explanation = explain(pattern, event)
    assert time.process_time() - began < 2

    assert explanation.verdict is Verdict.TOO_COMPLEX
    assert "5000 values, too many to ask" in explanation.words


@pytest.mark.parametrize("operators", MANY_OPERATORS.values(), ids=MANY_OPERATORS)
def test_another_field_that_fails_decides_before_the_questions(operators: list[Any]):
    pattern = parse(json.dumps({"a": operators, "s": ["x"]}))
    index = RuleIndex()
    index.add(1, pattern)

    assert match(pattern, {"a": VALUES, "s": "y"}) is Verdict.NO_MATCH
    assert index.match({"a": VALUES, "s": "y"}) == Matches()


def test_another_alternative_that_holds_decides_before_the_questions():
    operators = MANY_OPERATORS["suffix"]
    pattern = parse(json.dumps({"$or": [{"a": operators}, {"s": ["x"]}]}))
    index = RuleIndex()
    index.add(1, pattern)

    assert match(pattern, {"a": VALUES, "s": "x"}) is Verdict.MATCH
    assert index.match({"a": VALUES, "s": "x"}) == Matches(rule_ids=[1])


@pytest.mark.parametrize(
    "operators",
    [
        [f"x{number}" for number in range(400)] + ["v4999"],
        [{"prefix": f"x{number}"} for number in range(150)] + [{"prefix": "v4999"}],
        [f"10.0.0.{number}" for number in range(200)] + ["v4999"],
        [{"anything-but": [f"v{number}" for number in range(400)]}],
        [{"suffix": "-1"}, {"suffix": "4999"}, {"wildcard": "*x"}, {"numeric": [">", 5]}],
    ],
)
def test_what_is_one_question_may_be_asked_of_any_number_of_values(operators: list[Any]):
    pattern = parse(json.dumps({"a": operators}))
    index = RuleIndex()
    index.add(1, pattern)

    assert match(pattern, {"a": VALUES}) is Verdict.MATCH
    assert index.match({"a": VALUES}) == Matches(rule_ids=[1])


def test_alternatives_on_one_path_are_counted_together():
    alternatives = [{"a": [{"suffix": f"-{number}"}]} for number in range(100)]
    pattern = parse(json.dumps({"$or": alternatives}))
    index = RuleIndex()
    index.add(1, pattern)

    assert match(pattern, {"a": VALUES}) is Verdict.TOO_COMPLEX
    assert index.match({"a": VALUES}) == Matches(too_complex=[1])
    assert match(pattern, {"a": ["x-7"]}) is Verdict.MATCH


def test_questions_of_all_rules_together_are_bounded(monkeypatch: pytest.MonkeyPatch):
    for module in ("index", "values"):
        monkeypatch.setattr(f"eventhub.domain.pattern.{module}.MAX_STEPS_IN_ALL", 100_000)
    index = RuleIndex()
    for number in range(2000):
        index.add(number, parse(json.dumps({"a": [{"wildcard": f"*-{number}-*"}], "s": ["x"]})))
    index.add(2000, parse('{"s": ["x"]}'))
    index.add(2001, parse('{"s": ["y"], "a": [{"suffix": "-"}]}'))

    matches = index.match({"a": VALUES, "s": "x"})

    assert matches.rule_ids == [2000]
    assert len(matches.too_complex) == 2000 - 100_000 // (len(VALUES) + 1)  # the others were asked


def test_many_rules_on_one_long_array_are_asked_once_each():
    index = RuleIndex()
    for number in range(100):
        index.add(number, parse(json.dumps({"a": [{"suffix": f"-{number}"}]})))
        index.add(100 + number, parse(json.dumps({"a": [{"anything-but": f"x{number}"}]})))

    began = time.process_time()
    assert index.match({"a": [*VALUES, "v-7"]}).rule_ids == [7, *range(100, 200)]
    assert time.process_time() - began < 4


def test_event_is_read_once_for_all_rules_whose_fields_lie_in_elements():
    index = RuleIndex()
    for number in range(50):
        index.add(number, parse(json.dumps({"a": {"b": [1], "c": [{"anything-but": number}]}})))
    event = {"a": [{"b": 1, "c": -1, "text": "x" * 50}] * 2000}

    began = time.process_time()
    assert index.match(event).rule_ids == list(range(50))
    assert time.process_time() - began < 15
