import json
import time
from typing import Any

import pytest

from eventhub.domain import jsontext
from eventhub.domain.pattern import Explanation, Verdict, explain, matches, near_misses, parse
from tests.conformance.cases import event_cases


def explained(pattern: str, event: str) -> Explanation:
    return explain(parse(pattern), jsontext.decode(event.encode()))


def leaf(explanation: Explanation, path: str) -> dict[str, Any]:
    todo = [explanation.as_dict()["tree"]]
    while todo:
        node = todo.pop()
        if node.get("path") == path:
            return node
        todo += node.get("members", []) + node.get("alternatives", [])
    raise AssertionError(path)


def test_failing_field_is_explained_in_words():
    explanation = explained(
        '{"source": ["shop"], "detail": {"amount": [{"numeric": [">", 500]}], "state": ["open"]}}',
        '{"source": "shop", "detail": {"amount": 120, "state": "open"}}',
    )

    assert explanation.words == "2 of 3 clauses hold; detail.amount is 120, wanted more than 500."
    assert explanation.as_dict()["first_failing"] == "detail.amount"
    assert leaf(explanation, "source")["words"] == 'source is "shop", as wanted: "shop"'


@pytest.mark.parametrize(
    ("operators", "value", "words"),
    [
        ('["open", "held"]', '"shut"', 'a is "shut", wanted "open" or "held"'),
        ("[1, true, null]", "2", "a is 2, wanted 1, true or null"),
        ('["10.0.0.1"]', '"10.0.0.2"', 'a is "10.0.0.2", wanted the address 10.0.0.1'),
        ('[{"prefix": "x"}]', '["a", "b"]', 'a is "a" and "b", wanted text that starts with "x"'),
        ('[{"suffix": {"equals-ignore-case": "x"}}]', "5", "a is 5, wanted text that ends with"),
        ('[{"wildcard": "a*z"}]', '"b"', 'a is "b", wanted text like "a*z"'),
        ('[{"numeric": [">", 0, "<=", 5.50]}]', "1e1", "a is 1e1, wanted more than 0 and at most 5.50"),
        ('[{"anything-but": ["x", "y"]}]', '"x"', 'a is "x", wanted anything but "x" or "y"'),
        ('[{"anything-but": {"prefix": "x"}}]', '"xy"', 'wanted anything but text that starts with "x"'),
        ('[{"exists": true}]', "{}", "a is missing, wanted any value"),
        ('[{"exists": false}]', "null", "a is null, wanted no value"),
        ('[{"cidr": "10.0.0.0/8"}]', '"ten"', 'a is "ten", wanted an address in 10.0.0.0/8'),
    ],
)
def test_every_operator_says_what_it_wants(operators: str, value: str, words: str):
    assert words in leaf(explained(f'{{"a": {operators}}}', f'{{"a": {value}}}'), "a")["words"]


def test_nearest_element_of_an_array_is_told():
    explanation = explained(
        '{"items": {"sku": ["A"], "qty": [{"numeric": [">", 5]}], "gift": [true]}}',
        '{"items": [{"sku": "A", "qty": 1}, {"sku": "B"}, {"sku": "A", "qty": 9, "gift": false}]}',
    )

    gift = leaf(explanation, "items.gift")
    assert (gift["holds"], gift["element"], gift["found"]) == (False, "items[2]", [False])
    assert leaf(explanation, "items.qty")["found"] == [9]
    assert explanation.satisfied == 2


def test_nearest_alternative_speaks_for_the_whole():
    explanation = explained(
        '{"$or": [{"a": [1], "b": [1], "c": [1]}, {"d": [1], "e": [1]}]}', '{"a": 1, "b": 1, "c": 2}'
    )

    assert (explanation.satisfied, explanation.clauses) == (2, 3)
    assert explanation.as_dict()["first_failing"] == "c"
    tree = explanation.as_dict()["tree"]["members"][0]
    assert (tree["kind"], [one["holds"] for one in tree["alternatives"]]) == ("any", [False, False])


def test_field_that_was_replaced_is_not_explained():
    explanation = explained('{"a": ["x"], "a": ["y"]}', '{"a": "x"}')

    assert [member["wanted"] for member in explanation.as_dict()["tree"]["members"]] == ['"y"']


def test_explanation_shows_the_first_of_many_values():
    found = leaf(explained('{"a": ["x"]}', '{"a": ' + str(list(range(1000))) + "}"), "a")

    assert (len(found["found"]), found["found_in_all"]) == (20, 1000)
    assert found["words"] == 'a is 0, 1, 2 and 997 more, wanted "x"'


def test_explanation_agrees_with_the_matcher_and_is_json():
    for case in event_cases().values():
        pattern, event = parse(case.pattern), jsontext.decode(case.event)
        explanation = explain(pattern, event)

        assert (explanation.verdict is Verdict.MATCH) is matches(pattern, event)
        assert (explanation.satisfied == explanation.clauses) is case.matches
        json.loads(jsontext.encode(explanation.as_dict()))


def test_near_misses_rank_rules_by_what_fails():
    rules = {
        1: parse('{"source": ["shop"], "detail": {"n": [1]}}'),
        2: parse('{"source": ["bank"], "detail": {"n": [1]}}'),
        3: parse('{"source": ["shop"], "detail": {"n": [1], "m": [1]}}'),
        4: parse('{"source": ["shop"]}'),
    }

    misses = near_misses(rules.items(), {"source": "shop", "detail": {"n": 2, "m": 1}})

    assert [miss.rule_id for miss in misses] == [3, 1, 2]
    assert misses[1].as_dict()["words"] == "1 of 2 clauses hold; detail.n is 2, wanted 1."


@pytest.mark.parametrize(
    ("pattern", "event", "said"),
    [
        (
            '{"d": {"b": [1], "c": [2]}}',
            {"d": [{"b": 1}, {"c": 2}]},
            "1 of 2 clauses hold; d.c is missing in d[0], wanted 2; elsewhere it is 2.",
        ),
        (
            '{"d": {"b": [1], "c": [2]}}',
            {"d": [{"b": 1}, {"c": 3}]},
            "1 of 2 clauses hold; d.c is missing in d[0], wanted 2; elsewhere it is 3.",
        ),
        (
            '{"c": [2], "c.d": [1]}',
            {"c": [[2], {"d": 1}]},
            "1 of 2 clauses hold; c.d is missing in c[0], wanted 1; elsewhere it is 1.",
        ),
    ],
)
def test_a_value_in_another_element_is_not_what_was_found(pattern: str, event: dict[str, Any], said: str):
    explanation = explain(parse(pattern), event)

    assert explanation.words == said
    missing = explanation.first_failing
    assert missing is not None
    assert (missing.found, missing.found_in_all) == ([], 1)


LINES = [{"sku": "A", "voided": True, "waived": "n"}, {"sku": "A"}]


@pytest.mark.parametrize("operators", ['[{"exists": false}]', '[{"exists": false}, 5]'])
def test_a_match_by_absence_is_told_by_the_element_that_really_holds(operators: str):
    explanation = explain(parse('{"lines": {"sku": ["A"], "voided": ' + operators + "}}"), {"lines": LINES})

    sku, voided = explanation.as_dict()["tree"]["members"]
    assert explanation.verdict is Verdict.MATCH
    assert sku["element"] == voided["element"] == "lines[1]"
    assert (voided["holds"], voided["found"], voided["found_in_all"]) == (True, [], 1)
    assert voided["words"] == (
        f"lines.voided is missing in lines[1], as wanted: {voided['wanted']}; elsewhere it is true"
    )


def test_a_match_that_is_no_first_guess_is_told_by_the_choice_that_holds():
    pattern = parse('{"c": [1], "c.b": [1]}')
    event = {"c": [1, [[[2, 2]], [[2, 1]], 2], {"a": [{"a": 2}, 1], "b": 1}]}

    explanation = explain(pattern, event)

    assert explanation.words == "All 2 clauses hold."
    assert leaf(explanation, "c.b")["element"] == "c[2]"
    assert 1 in leaf(explanation, "c")["found"]


def test_fields_that_hold_by_absence_count_as_near():
    pattern = parse(
        """{"source": ["shop"],
            "lines": {"sku": ["A"], "voided": [{"exists": false}], "waived": [{"exists": false}]}}"""
    )
    event = {"source": "web", "type": "u", "lines": LINES}

    explanation = explain(pattern, event)
    assert explanation.words == '3 of 4 clauses hold; source is "web", wanted "shop".'
    assert leaf(explanation, "lines.waived")["words"] == (
        'lines.waived is missing in lines[1], as wanted: no value; elsewhere it is "n"'
    )
    other = parse('{"source": ["shop"], "type": ["t"]}')
    assert [miss.rule_id for miss in near_misses([(2, other), (1, pattern)], event, limit=1)] == [1]


def test_element_whose_other_fields_hold_is_the_nearest_though_its_value_fails():
    explanation = explained(
        '{"lines": {"sku": ["A"], "voided": [{"exists": false}]}}',
        '{"lines": [{"sku": "B", "voided": true}, {"sku": "C"}]}',
    )

    assert explanation.words == '1 of 2 clauses hold; lines.sku is "C", wanted "A".'
    assert leaf(explanation, "lines.sku")["element"] == "lines[1]"


def test_absence_that_is_judged_over_all_elements_says_so():
    explanation = explained(
        '{"d": {"items": {"a": [{"exists": false}], "b": ["x"]}}}', '{"d": {"items": [{"a": 1}, {"b": "x"}]}}'
    )

    assert explanation.words == (
        "1 of 2 clauses hold; d.items.a is 1, wanted no value; all elements count, as no field before it "
        "chooses one."
    )
    assert leaf(explanation, "d.items.a")["found"] == [1]


def test_a_match_among_thousands_of_elements_is_explained_quickly():
    lines = [{"sku": "A", "voided": True} for _ in range(20_000)] + [{"sku": "A"}]
    pattern = parse('{"lines": {"sku": ["A"], "voided": [{"exists": false}]}}')

    began = time.process_time()
    explanation = explain(pattern, {"lines": lines})

    assert leaf(explanation, "lines.sku")["element"] == "lines[20000]"
    assert time.process_time() - began < 2


def test_scalars_and_objects_of_one_array_are_counted_together():
    explanation = explained('{"b": {"a": [2]}, "b": [2], "c": [9]}', '{"b": [[{"a": 2}, 2, [2]]], "c": 1}')

    assert explanation.words == "2 of 3 clauses hold; c is 1, wanted 9."
    assert leaf(explanation, "b.a")["element"] == "b[0][0]"


def test_alternatives_of_which_each_holds_beside_another_say_so():
    explanation = explained(
        '{"$or": [{"l.a": [1]}, {"l.b": [1]}], "$or": [{"l.c": [1]}, {"l.0": [1]}]}',
        '{"l": [{"a": 1}, {"b": 1}, {"c": 1}, {"0": 1}]}',
    )

    assert explanation.verdict is Verdict.NO_MATCH
    first, second = explanation.as_dict()["tree"]["members"]
    assert (first["holds"], second["holds"]) == (False, False)
    assert (
        first["words"] == second["words"] == "an alternative holds, but none together with the other fields"
    )
    assert any(alternative["holds"] for alternative in first["alternatives"])


# Nine of two alternatives each make 512 combinations.
HOSTILE = ",".join(
    f'"$or": [{{"l": {{"a{n}": [1, {{"exists": false}}]}}}}, {{"l": {{"b{n}": [1]}}}}]' for n in range(9)
)


def hostile_element(*, holds: bool) -> dict[str, int]:
    return {f"a{n}": 2 for n in range(9)} | {f"b{n}": 1 for n in range(9)} | {"z": 1 if holds else 2}


def test_explanation_of_hundreds_of_combinations_looks_at_some_and_says_so():
    pattern = parse(f'{{{HOSTILE}, "l": {{"z": [1]}}}}')
    elements = [hostile_element(holds=False)] * 1200

    began = time.process_time()
    explanation = explain(pattern, {"l": elements})
    assert time.process_time() - began < 2

    assert explanation.verdict is Verdict.NO_MATCH
    assert 0 < explanation.not_compared < 512
    assert explanation.words == (
        "9 of 10 clauses hold; l.z is 2, wanted 1. Among too many elements, "
        f"{explanation.not_compared} other combinations of alternatives were not compared."
    )
    assert explanation.as_dict()["not_compared"] == explanation.not_compared


def test_explanation_of_elements_nested_deep_is_given_up_and_says_so():
    names = [f"f{number:03}" for number in range(300)]
    nested: Any = dict.fromkeys(names, 1)
    for _ in range(900):
        nested = [nested]
    pattern = parse(json.dumps({"a": {name: [1] for name in names}, "z": [1]}))

    began = time.process_time()
    explanation = explain(pattern, {"a": [nested] * 20, "z": 2})
    assert time.process_time() - began < 2

    assert explanation.words == (
        "300 of 301 clauses hold; z is 2, wanted 1. Each clause was judged for itself: there are too many "
        "elements to compare."
    )


def test_near_misses_of_hundreds_of_rules_are_told_quickly():
    event = {"source": "shop", "detail": {"n": 2, "lines": [{"sku": f"s{n}", "qty": n} for n in range(50)]}}
    rules = [
        (
            number,
            parse(
                json.dumps(
                    {
                        "source": ["shop", "bank"],
                        "detail": {
                            "n": [{"numeric": [">", number]}],
                            "lines": {"sku": [f"s{number}"], "qty": [number + 1]},
                        },
                    }
                )
            ),
        )
        for number in range(212)
    ]

    began = time.process_time()
    misses = near_misses(rules, event)
    assert time.process_time() - began < 1  # on an idle machine a twentieth of it
    assert misses[0].explanation.words == ('3 of 4 clauses hold; detail.lines.sku is "s1", wanted "s0".')


def test_near_misses_of_hostile_rules_are_bounded():
    rules = [(number, parse(f'{{{HOSTILE}, "l": {{"z": [1]}}, "m": [{number}]}}')) for number in range(212)]
    event = {"l": [hostile_element(holds=True)] * 1200, "m": -1}

    began = time.process_time()
    misses = near_misses(rules, event)
    assert time.process_time() - began < 5

    assert misses
    assert all(miss.explanation.verdict is Verdict.NO_MATCH for miss in misses)
