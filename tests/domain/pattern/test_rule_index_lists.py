"""The index where rules list many values, and events have many."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from eventhub.domain.pattern import RuleIndex, branching
from tests.domain.pattern.test_rule_index import index_of


def places(index: RuleIndex) -> int:
    """Count the leaves that the rules' branches are in."""
    return sum(len(entry.homes) for own in index._entries.values() for entry in own)


def test_lists_of_hundreds_of_values_do_not_multiply():
    def listing(number: int) -> str:
        return json.dumps({name: [f"{name}{number}-{n}" for n in range(120)] for name in "xyz"})

    index = index_of(*(listing(number) for number in range(60)))

    assert places(index) == 60
    assert index.match({"x": "x7-1", "y": "y7-119", "z": "z7-0"}).rule_ids == [7]
    assert index.match({"x": "x7-1", "y": "y8-1", "z": "z7-0"}).rule_ids == []
    assert index.match({"x": ["x7-1", "x9-1"], "y": ["y9-119", "y1-1"], "z": "z9-3"}).rule_ids == [9]
    for number in range(60):
        index.remove(number)
    assert index.match({"x": "x7-1", "y": "y7-119", "z": "z7-0"}).rule_ids == []


def test_lists_of_a_few_values_multiply_to_a_bound():
    names = [f"p{n}" for n in range(6)]
    rules = [
        json.dumps({name: [f"{number}-{n}" for n in range(12)] for name in names}) for number in range(40)
    ]
    index = index_of(*rules)

    assert places(index) <= 40 * branching.MAX_HOMES
    for number in (0, 39):
        assert index.match(dict.fromkeys(names, f"{number}-11")).rule_ids == [number]
        assert index.match(dict.fromkeys(names, f"{number}-11") | {"p3": "0"}).rule_ids == []


def test_rules_that_list_some_of_the_same_hundreds_of_values_are_found():
    index = index_of(*(json.dumps({"x": [f"v{n}" for n in range(at, at + 100)]}) for at in range(60)))

    assert index.match({"x": "v59"}).rule_ids == list(range(60))
    assert index.match({"x": "v0"}).rule_ids == [0]
    assert index.match({"x": ["v0", "v158"]}).rule_ids == [0, 59]
    index.remove(30)
    assert index.match({"x": "v100"}).rule_ids == [*range(1, 30), *range(31, 60)]


def test_a_list_of_hundreds_of_values_or_none_is_found_by_absence_too():
    operators = [*(f"v{n}" for n in range(100)), {"exists": False}]
    index = index_of(*(json.dumps({"x": operators, "y": [number]}) for number in range(40)))

    assert index.match({"y": 7}).rule_ids == [7]
    assert index.match({"x": "v99", "y": 7}).rule_ids == [7]
    assert index.match({"x": "v100", "y": 7}).rule_ids == []


@pytest.mark.parametrize(
    "operator",
    [
        lambda n: f"none{n}",
        lambda n: {"suffix": f"!{n}"},
        lambda n: {"equals-ignore-case": f"none{n}"},
        lambda n: {"numeric": [">", n, "<", n + 1]},
        lambda n: {"cidr": f"10.{n}.0.0/{16 + n}"},
    ],
    ids=["value", "suffix", "either case", "range", "network"],
)
def test_tables_below_tables_are_counted_where_values_are_thousands(operator: Callable[[int], Any]):
    """Fourteen rules each behind 1,600 values: every one of these leads to a table of its own."""
    groups = [[f"x{group}-{n}" for n in range(16)] for group in range(100)]
    rules = [json.dumps({"x": xs, "y": [operator(n)]}) for xs in groups for n in range(14)]
    index = index_of(*rules, '{"s": ["x"]}')
    event = {"x": [x for xs in groups for x in xs], "y": [f"y{n}" for n in range(25_000)], "s": "x"}

    began = time.process_time()
    found = index.match(event)
    assert time.process_time() - began < 10  # some two seconds, where it is given up

    # None matches: that is found out, or told to be open.
    assert found.rule_ids == [len(rules)]
