"""A backtest is what the plain matcher says of each event, counted."""

import random
from typing import Any

from eventhub.domain.pattern import Fate, backtest, explain, match, parse
from eventhub.domain.pattern.match import Verdict

DRAFT = """{"source": ["shop", {"prefix": "web"}], "detail": {
    "amount": [{"numeric": [">", 50]}], "gone": [{"exists": false}],
    "$or": [{"tier": ["gold"]}, {"items": {"sku": ["a"], "n": [2]}}]}}"""
IN_FORCE = '{"detail": {"amount": [{"numeric": [">", 70]}]}}'


def event(dice: random.Random) -> dict[str, Any]:
    detail: dict[str, Any] = {"amount": dice.randrange(100), "tier": dice.choice(["gold", "basic"])}
    detail["items"] = [{"sku": dice.choice("abc"), "n": dice.randrange(4)} for _ in range(dice.randrange(4))]
    if dice.random() < 0.3:
        detail["gone"] = None
    return {"source": dice.choice(["shop", "web.app", "crm"]), "detail": detail}


def test_it_counts_what_the_plain_matcher_says() -> None:
    dice = random.Random(7)
    events = [event(dice) for _ in range(400)]
    draft, in_force = parse(DRAFT), parse(IN_FORCE)

    found = backtest(draft, in_force, enumerate(events))

    now = {at for at, one in enumerate(events) if match(draft, one) is Verdict.MATCH}
    before = {at for at, one in enumerate(events) if match(in_force, one) is Verdict.MATCH}
    assert now & before
    assert (found.scanned, found.matched, found.now_matched) == (400, len(now), len(before))
    assert found.keys[Fate.GAINED] == sorted(now - before)
    assert found.keys[Fate.LOST] == sorted(before - now)
    assert found.keys[Fate.STILL] == sorted(now & before)


def test_each_clause_is_counted_alone() -> None:
    dice = random.Random(8)
    events = [event(dice) for _ in range(200)]

    found = backtest(parse(DRAFT), None, enumerate(events))

    counts = {one.path: one.events for one in found.clauses}
    for path, alone in {
        "source": '{"source": ["shop", {"prefix": "web"}]}',
        "detail.amount": '{"detail": {"amount": [{"numeric": [">", 50]}]}}',
        "detail.gone": '{"detail": {"gone": [{"exists": false}]}}',
        "detail.tier": '{"detail": {"tier": ["gold"]}}',
        "detail.items.sku": '{"detail": {"items": {"sku": ["a"]}}}',
    }.items():
        assert counts[path] == sum(match(parse(alone), one) is Verdict.MATCH for one in events), path
    assert len(found.clauses) == 6  # each once, though `$or` has it in two branches


def test_the_nearest_misses_come_first_and_say_why() -> None:
    events = {
        "far": {"source": "crm", "detail": {"amount": 1, "tier": "basic"}},
        "near": {"source": "shop", "detail": {"amount": 50, "tier": "gold"}},
        "match": {"source": "shop", "detail": {"amount": 60, "tier": "gold"}},
    }

    found = backtest(parse(DRAFT), None, events.items())

    assert [miss.key for miss in found.nearest] == ["near", "far"]
    assert found.nearest[0].explanation == explain(parse(DRAFT), events["near"])
    assert found.now_matched == 0


def test_it_ends_when_the_time_is_up_and_says_so() -> None:
    looks = iter([False, False, True])

    found = backtest(
        parse(IN_FORCE),
        None,
        ((n, {"detail": {"amount": 99}}) for n in range(1000)),
        time_is_up=lambda: next(looks),
    )

    assert (found.scanned, found.matched, found.ran_out) == (32, 32, True)
