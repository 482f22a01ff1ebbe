"""What is offered at the cursor of a filter's box."""

import pytest

from eventhub.domain.filter import Known, complete, parse

KNOWN = Known(
    {
        "source": ["shop.web", "shop.app", "warehouse"],
        "type": ["Order Placed"],
        "detail.tier": ["gold", "12"],
    },
    ["detail.amount", "detail.tier"],
)


def offered(text: str) -> tuple[int, int, list[str]]:
    at = text.index("^")
    found = complete(text.replace("^", ""), at, KNOWN)
    return found.start, found.end, [candidate.text for candidate in found.candidates]


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("so^", 0, 2, ["source:"]),
        ("source:shop ty^", 12, 14, ["type:"]),
        ("-so^", 1, 3, ["source:"]),
        ("(so^)", 1, 3, ["source:"]),
        ("detail.a^", 0, 8, ["detail.amount:"]),
        ("source:sh^", 7, 9, ["shop.web", "shop.app"]),
        ("source:house^", 7, 12, ["warehouse"]),
        ("source:shop.web|w^", 16, 17, ["warehouse", "shop.web"]),
        ("type:^", 5, 5, ['"Order Placed"']),
        ('type:"Ord^', 5, 9, ['"Order Placed"']),
        ("status:d^", 7, 8, ["delivered", "dead", "pending", "unmatched", "not-made", "failed"]),
        ("rule:no^", 5, 7, ["none"]),
        ("detail.tier:^", 12, 12, ["gold", "12", "exists"]),
        ("latency:^", 8, 8, [">500ms", "exists"]),
        ("nonsense:^", 9, 9, []),
    ],
)
def test_candidates(text: str, start: int, end: int, expected: list[str]) -> None:
    assert offered(text) == (start, end, expected)


def test_every_word_is_offered_where_a_term_begins() -> None:
    _, _, texts = offered("^")

    assert texts[:3] == ["bus:", "source:", "type:"]
    assert "detail.tier:" in texts


@pytest.mark.parametrize("text", ["source:^", "type:^", "status:^", "rule:^", "latency:^", "detail.tier:^"])
def test_what_is_offered_is_a_filter(text: str) -> None:
    start, end, candidates = offered(text)
    plain = text.replace("^", "")

    assert candidates
    for candidate in candidates:
        parse(plain[:start] + candidate + plain[end:])
