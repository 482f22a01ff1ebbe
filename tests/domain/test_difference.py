"""What differs between two states, as people read it."""

import json
from typing import Any

import pytest

from eventhub.domain.difference import How, differences, written


def told(before: Any, after: Any) -> list[str]:
    """Return the differences as lines: ``path + new``, ``path - old``, ``path old → new``."""
    signs = {How.ADDED: "+", How.REMOVED: "-"}
    lines = []
    for one in differences(before, after):
        if one.how in signs:
            lines.append(
                f"{one.path} {signs[one.how]} {written(one.after if one.how is How.ADDED else one.before)}"
            )
        elif one.how is How.CHANGED:
            lines.append(f"{one.path} {written(one.before)} → {written(one.after)}")
        else:
            lines.append(f"{one.path} {one.how}")
    return lines


def patterns(before: str, after: str) -> list[str]:
    return told({"pattern": before}, {"pattern": after})


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ('{"a": ["x"]}', '{"a": ["x", "y"]}', ['pattern.a + "y"']),
        ('{"a": ["x", "y"]}', '{"a": ["y"]}', ['pattern.a - "x"']),
        ('{"a": ["x"]}', '{"a": ["x"], "b": [1]}', ["pattern.b + [1]"]),
        ('{"d": {"n": [{"prefix": "A"}]}}', '{"d": {"n": [{"prefix": "B"}]}}',
         ['pattern.d.n - {"prefix": "A"}', 'pattern.d.n + {"prefix": "B"}']),
        ('{"a": ["x", "y"]}', '{"a": ["y", "x"]}', ["pattern.a order"]),
        ('{"a": ["x"]}', '{ "a" : [ "x" ] }', ["pattern layout"]),
        ('{"a": [1]}', '{"a": [true]}', ["pattern.a - 1", "pattern.a + true"]),
        ('{"a": [1.50]}', '{"a": [1.5]}', ["pattern.a - 1.50", "pattern.a + 1.5"]),
        ('{"$or": [{"a": ["x"]}, {"b": ["y"]}]}', '{"$or": [{"a": ["x"]}, {"b": ["z"]}]}',
         ['pattern.$or[1].b - "y"', 'pattern.$or[1].b + "z"']),
        ("", '{"a": ["x"]}', ['pattern + {"a": ["x"]}']),
        ('{"a": ["x"]}', "", ['pattern - {"a": ["x"]}']),
        ('{"a.b": ["x"]}', '{"a.b": ["y"]}', ['pattern["a.b"] - "x"', 'pattern["a.b"] + "y"']),
        ("no JSON", "nor this", ['pattern "no JSON" → "nor this"']),
        ('{"a": ["x", "x"]}', '{"a": ["x"]}', ['pattern.a - "x"']),
    ],
)  # fmt: skip
def test_patterns_differ_by_their_values(before: str, after: str, lines: list[str]) -> None:
    assert patterns(before, after) == lines


def test_members_that_have_names_are_found_again_by_them() -> None:
    before = {"targets": [{"name": "crm"}, {"name": "mail"}]}
    after = {"targets": [{"name": "mail", "transform": {"InputPath": "$.detail"}}, {"name": "log"}]}

    assert told(before, after) == [
        'targets[crm] - {"name": "crm"}',
        'targets[mail].transform + {"InputPath": "$.detail"}',
        'targets[log] + {"name": "log"}',
    ]


def test_nested_settings_are_told_by_their_path() -> None:
    before = {"config": {"headers": {"X-Shop": "north", "X-Old": "1"}}, "secrets": {"password": "set"}}
    after = {"config": {"headers": {"X-Shop": "south"}}, "secrets": {"password": "changed"}}

    assert told(before, after) == [
        'config.headers.X-Shop "north" → "south"',
        'config.headers.X-Old - "1"',
        'secrets.password "set" → "changed"',
    ]


def test_of_a_thing_that_came_or_went_what_is_filled_is_told() -> None:
    state = {"name": "orders", "description": "", "tags": {}, "enabled": False, "rate": None}

    assert told(None, state) == ['name + "orders"', "enabled + false"]
    assert told(state, None) == ['name - "orders"', "enabled - false"]


def test_what_is_the_same_is_not_told() -> None:
    state = json.loads('{"a": [1, {"b": null}], "pattern": "{}"}')

    assert told(state, json.loads(json.dumps(state))) == []
    assert told({"rate": None}, {"rate": 5}) == ["rate null → 5"]


def test_values_far_down_are_told_whole() -> None:
    def nested(value: int) -> Any:
        found: Any = value
        for _ in range(500):
            found = {"x": found}
        return found

    [line] = differences({"config": nested(1)}, {"config": nested(2)})

    assert line.how is How.CHANGED
    assert line.path.count("x") < 50
