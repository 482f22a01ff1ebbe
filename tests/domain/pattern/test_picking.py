"""From an event to a pattern: what is offered is what patterns see, and what is made of it matches."""

import json
from typing import Any

import pytest

from eventhub.domain import jsontext
from eventhub.domain.pattern import matches, parse
from eventhub.domain.pattern.picking import MOST, How, Offered, Picked, offered, pattern_of

EVENT = b"""{"id": "1", "time": "2026-11-28T10:00:00Z", "source": "shop.web", "detail-type": "Order Placed",
  "resources": [], "detail": {"amount": 1.50, "vip": true, "note": null, "customer": {"country": "DE"},
  "items": [{"kind": "tea"}, {"kind": "cake"}, {"kind": "tea"}]}}"""


def event() -> dict[str, Any]:
    decoded: dict[str, Any] = jsontext.decode(EVENT)
    return decoded


def field(path: str, value: Any = None) -> Offered:
    return next(one for one in offered(event()) if one.path == path and (value is None or one.value == value))


def test_what_says_what_an_event_is_is_offered_and_each_value_of_a_list_once() -> None:
    assert [(one.path, one.text) for one in offered(event())] == [
        ("source", "shop.web"),
        ("detail-type", "Order Placed"),
        ("detail.amount", "1.50"),
        ("detail.vip", "true"),
        ("detail.note", "null"),
        ("detail.customer.country", "DE"),
        ("detail.items.kind", "tea"),
        ("detail.items.kind", "cake"),
    ]


@pytest.mark.parametrize("one", offered(event()), ids=lambda one: f"{one.path}={one.text}")
@pytest.mark.parametrize("how", [How.EXACT, How.EXISTS])
def test_a_field_as_it_is_makes_a_pattern_that_the_event_matches(one: Offered, how: How) -> None:
    assert matches(parse(pattern_of([Picked(one, how, one.text)])), event())


@pytest.mark.parametrize(
    ("path", "how", "text", "expected"),
    [
        ("source", How.PREFIX, "shop.", [{"prefix": "shop."}]),
        ("source", How.SUFFIX, ".web", [{"suffix": ".web"}]),
        ("source", How.ANY_CASE, "SHOP.WEB", [{"equals-ignore-case": "SHOP.WEB"}]),
        ("source", How.LIKE, "*.web", [{"wildcard": "*.web"}]),
        ("source", How.NOT, "crm", [{"anything-but": "crm"}]),
        ("source", How.ABSENT, "", [{"exists": False}]),
        ("detail.amount", How.MORE, " 1 ", [{"numeric": [">", 1]}]),
        ("detail.amount", How.LEAST, "1.5", [{"numeric": [">=", 1.5]}]),
        ("detail.amount", How.LESS, "2e1", [{"numeric": ["<", 20]}]),
        ("detail.amount", How.MOST, "2", [{"numeric": ["<=", 2]}]),
        ("detail.amount", How.NOT, "2", [{"anything-but": 2}]),
    ],
)
def test_each_comparison_is_an_operator_of_the_language(
    path: str, how: How, text: str, expected: list[Any]
) -> None:
    made = pattern_of([Picked(field(path), how, text)])

    parse(made)
    found = json.loads(made)
    for name in path.split("."):
        found = found[name]
    assert found == expected


def test_values_of_one_field_are_alternatives_and_fields_hold_together() -> None:
    picked = [
        Picked(field("detail.items.kind", "tea"), How.EXACT, "tea"),
        Picked(field("detail.items.kind", "cake"), How.EXACT, "cake"),
        Picked(field("detail.amount"), How.EXACT, "1.50"),
    ]

    assert pattern_of(picked) == (
        '{\n  "detail": {\n    "items": {\n      "kind": ["tea", "cake"]\n    },\n'
        '    "amount": [1.50]\n  }\n}'
    )


def test_a_text_that_is_no_number_is_refused_by_its_field() -> None:
    with pytest.raises(ValueError, match=r"detail\.amount: is more than needs a number, got 'much'"):
        pattern_of([Picked(field("detail.amount"), How.MORE, "much")])


def test_a_field_and_one_above_it_cannot_both_be_asked_for() -> None:
    above, inside = Offered(("detail", "a"), 1), Offered(("detail", "a", "b"), 2)

    for both in ([above, inside], [inside, above]):
        with pytest.raises(ValueError, match="was picked, too"):
            pattern_of([Picked(one, How.EXACT, one.text) for one in both])


def test_only_so_much_of_an_event_is_offered() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"a": deep}

    assert offered({"detail": deep}) == []
    assert len(offered({"detail": {f"f{number}": number for number in range(500)}})) == MOST
