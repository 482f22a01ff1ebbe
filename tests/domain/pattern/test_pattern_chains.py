"""Rules whose `$or` makes very many branches, on events with very many array elements."""

import time
from typing import Any

import pytest

from eventhub.domain.pattern import Matches, Pattern, RuleIndex, Verdict, asking, explain, match, parse

# Nine of two alternatives each make 512 branches.
EITHER = ",".join(
    f'"$or": [{{"l": {{"a{n}": [1, {{"exists": false}}]}}}}, {{"l": {{"b{n}": [1]}}}}]' for n in range(9)
)
PATTERN = parse(f'{{{EITHER}, "l": {{"z": [1]}}}}')


def element(**other: int) -> dict[str, int]:
    return {f"a{n}": 2 for n in range(9)} | {f"b{n}": 1 for n in range(9)} | other


def verdict_of_all(pattern: Pattern, event: dict[str, Any]) -> Verdict:
    """Ask the plain matcher, the index and the explanation, which have to agree."""
    verdict = match(pattern, event)
    index = RuleIndex()
    index.add(1, pattern)
    assert explain(pattern, event).verdict is verdict
    assert index.match(event) == Matches(
        [1] if verdict is Verdict.MATCH else [], [1] if verdict is Verdict.TOO_COMPLEX else []
    )
    return verdict


@pytest.mark.parametrize("count", [20, 1200])
def test_many_branches_on_one_array_are_never_too_complex(count: int):
    others = [element(z=2)] * (count - 1)

    began = time.process_time()
    assert verdict_of_all(PATTERN, {"l": [*others, element(z=1)]}) is Verdict.MATCH
    assert verdict_of_all(PATTERN, {"l": [*others, element(z=1) | {"b8": 2}]}) is Verdict.NO_MATCH
    assert verdict_of_all(PATTERN, {"l": [*others, {"z": 1}]}) is Verdict.NO_MATCH  # a0 comes before z
    assert time.process_time() - began < 15


def test_many_branches_on_thousands_of_different_elements_are_judged_in_sensible_time():
    elements = [{f"a{n % 9}": 2, f"b{(n + 1) % 9}": 1, "z": 1} for n in range(8000)]

    began = time.process_time()
    assert match(PATTERN, {"l": elements}) is Verdict.NO_MATCH
    assert match(PATTERN, {"l": [*elements, element(z=1)]}) is Verdict.MATCH
    assert time.process_time() - began < 4


def test_many_branches_through_nested_arrays_are_never_too_complex():
    pattern = parse("{" + EITHER.replace('"l"', '"l.m"') + ', "l": {"z": [1]}}')
    inner = [element(), {"a0": 1}]

    assert verdict_of_all(pattern, {"l": [{"m": inner * 20, "z": 2}] * 20}) is Verdict.NO_MATCH
    assert (
        verdict_of_all(pattern, {"l": [{"m": inner * 20, "z": 2}] * 20 + [{"m": inner, "z": 1}]})
        is Verdict.MATCH
    )


def test_branches_that_lead_through_several_arrays_share_what_may_be_spent():
    names = [f"{letter}{n}" for letter in "ab" for n in range(9)]
    # Every field is found in either of two arrays, so that the ways to share them out multiply.
    half = [{name: 1} for name in names] * 200
    event = {"l": {"m": half}, "l.m": half}
    groups = ",".join(f'"$or": [{{"l.m.a{n}": [1]}}, {{"l.m.b{n}": [1]}}]' for n in range(9))
    pattern = parse(f"{{{groups}}}")

    began = time.process_time()
    assert verdict_of_all(pattern, event) is Verdict.TOO_COMPLEX
    assert time.process_time() - began < 15


def test_each_branch_is_judged_at_once_where_none_may_be_searched(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(asking, "MAX_SEARCHED", -1)
    pattern = parse('{"$or": [{"l": {"a": [1], "b": [{"exists": false}]}}, {"l": {"c": [1], "d": [1]}}]}')

    assert match(pattern, {"l": [{"a": 1, "b": 1}, {"a": 1}]}) is Verdict.MATCH
    assert match(pattern, {"l": [{"a": 1, "b": 1}, {"c": 1}, {"d": 1}]}) is Verdict.NO_MATCH
    assert match(pattern, {"l": [{"a": 1, "b": 1}, [{"c": 1}, {"c": 1, "d": 1}]]}) is Verdict.MATCH
