"""Rollups: each row counted once in every grain, whoever rolls up and whatever happens between."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from eventhub.journal.error_classes import CLASSES, class_of
from eventhub.journal.port import CircuitState, Journal, OutcomeState, ReasonClass, TargetState
from tests.journal.build import (
    SECOND,
    append,
    attempt,
    claim,
    dead,
    delivered,
    new_delivery,
    new_event,
    now_us,
    postponed,
    route,
)
from tests.journal.conformance.conftest import Place

GRAINS = (1, 10, 60, 3600)


def roll(journal: Journal) -> int:
    """Roll up everything; return the steps it took."""
    steps = 0
    while True:
        rolled = journal.roll_up()
        assert rolled is not None
        steps += 1
        if not rolled.more:
            return steps


def sums(place: Place, journal: Any, grain: int) -> dict[tuple[str, str, int, int], tuple[int, int]]:
    """Return (kind, text, a, b) → (count, failed) over all moments."""
    statement = (
        "SELECT kind, text, a, b, CAST(sum(count) AS bigint), CAST(sum(failed) AS bigint) FROM rollup"
        f" WHERE grain = {grain} GROUP BY 1, 2, 3, 4"
    )
    return {tuple(row[:4]): tuple(row[4:]) for row in ask(place, journal, statement)}


def ask(place: Place, journal: Any, statement: str) -> list[Any]:
    lend: Callable[[], Any] = journal._reading if place.engine == "sqlite" else journal._pool.lend
    with lend() as db:
        return list(db.execute(statement).fetchall())


def test_a_match_in_shadow_is_no_failure_and_one_of_a_disabled_rule_is(place: Place) -> None:
    store = place.open()
    append(store, new_event())
    shadow, disabled = OutcomeState.SHADOW, OutcomeState.RULE_DISABLED
    route(store, new_delivery(7, state=shadow), new_delivery(7, rule_id=4, state=disabled))
    roll(store)

    matches = {key[2]: counted for key, counted in sums(place, store, 60).items() if key[0] == "match"}

    assert matches == {3: (1, 0), 4: (1, 1)}


def test_every_grain_has_the_same_sums_and_a_second_roll_adds_nothing(place: Place) -> None:
    store = place.open()
    append(store, *(new_event(source="shop") for _ in range(5)), new_event(source="till"))
    route(store, new_delivery(7))
    good, again, bad, *rest = claim(store)
    store.settle([delivered(good), postponed(again, now_us() + 60 * SECOND), dead(bad)])
    store.settle([delivered(one) for one in rest])
    roll(store)

    roll(store)

    expected = {
        ("source", "shop", 0, 0): (5, 0),
        ("source", "till", 0, 0): (1, 0),
        ("match", "", 3, 0): (6, 0),
        ("attempt", "", 3, 7): (6, 2),
        ("forward", "", 7, 0): (4, 0),
        ("dead", "", 3, 7): (1, 1),
        ("error", "5xx", 0, 7): (1, 1),
        ("error", "4xx", 0, 7): (1, 1),
        ("accepted", "", 0, 0): (6, 0),
        ("attempted", "", 0, 0): (6, 2),
    }
    assert [sums(place, store, grain) for grain in GRAINS] == [expected] * 4
    timed = ask(
        place,
        store,
        "SELECT kind, CAST(sum(times) AS bigint) FROM rollup_latency WHERE grain = 60 GROUP BY kind",
    )
    assert dict(timed) == {"target": 6, "all": 4, "bus": 4, "rule": 4}


def test_events_that_no_rule_matched_are_counted_as_such(place: Place) -> None:
    store = place.open()
    append(store, new_event())
    route(store)

    roll(store)

    assert sums(place, store, 60)["unmatched", "", 0, 0] == (1, 0)


def test_a_step_is_bounded_and_the_next_goes_on(place: Place) -> None:
    store = place.open()
    append(store, *(new_event() for _ in range(25)))

    rolled = [store.roll_up(10) for _ in range(3)]

    assert [one.more for one in rolled if one] == [True, True, False]
    assert sums(place, store, 1)["source", "shop", 0, 0] == (25, 0)


def test_several_that_roll_up_at_once_count_each_row_once(place: Place) -> None:
    store = place.open()
    rollers = [store] + [place.open() if place.engine == "postgres" else store for _ in range(2)]
    done = threading.Event()

    def work(journal: Journal) -> None:
        while not done.is_set():
            journal.roll_up()

    threads = [threading.Thread(target=work, args=(journal,)) for journal in rollers]
    for thread in threads:
        thread.start()
    for _ in range(40):
        append(store, *(new_event() for _ in range(5)))
    done.set()
    for thread in threads:
        thread.join()
    while roll(store) > 1:
        pass

    assert sums(place, store, 3600)["source", "shop", 0, 0] == (200, 0)


def test_the_highest_gauge_of_a_grain_stays(place: Place) -> None:
    store = place.open()
    opened = TargetState(CircuitState.OPEN, pending=3)

    store.note_gauges(7200, {7: TargetState(pending=12)})
    store.note_gauges(7205, {7: opened, 8: TargetState()})

    rows = ask(place, store, "SELECT grain, at, a, count, failed FROM rollup ORDER BY grain")
    assert rows == [(10, 7200, 7, 12, 1), (60, 7200, 7, 12, 1), (3600, 7200, 7, 12, 1)]


def test_rollups_go_when_their_grain_is_not_kept_any_more(place: Place) -> None:
    store = place.open()
    append(store, new_event(accepted_at=now_us() - 3 * 3600 * SECOND))
    roll(store)

    store.prune_rollups(now_us() // SECOND)

    kept = ask(place, store, "SELECT DISTINCT grain FROM rollup ORDER BY grain")
    assert [grain for (grain,) in kept] == [10, 60, 3600]


FAILURES = [
    (429, ReasonClass.RECEIVER, "receiver answered 429", "429"),
    (500, ReasonClass.RECEIVER, "receiver answered 500 Timeout", "5xx"),
    (404, ReasonClass.RECEIVER, "receiver answered 404", "4xx"),
    (302, ReasonClass.RECEIVER, "receiver answered 302", "3xx"),
    (None, ReasonClass.NETWORK, "Operation timed out", "timeout"),
    (None, ReasonClass.NETWORK, "SSL connection timeout", "timeout"),
    (None, ReasonClass.NETWORK, "Could not resolve host: nowhere.invalid", "dns"),
    (None, ReasonClass.NETWORK, "SSL certificate problem: self-signed certificate", "tls"),
    (None, ReasonClass.NETWORK, "Failed to connect to 127.0.0.1 port 9", "refused"),
    (None, ReasonClass.NETWORK, "Server returned nothing", "network"),
    (None, ReasonClass.RECEIVER, "the answer is not HTTP", "receiver"),
    (None, ReasonClass.OURS, "not made: connection refused by us", "ours"),
]


def test_failed_attempts_are_counted_by_class_as_pages_judge_them(place: Place) -> None:
    store = place.open()
    append(store, *(new_event() for _ in FAILURES))
    route(store, new_delivery(7))
    store.settle(
        [
            dead(one, attempt=attempt(number=1, status=status, error=error, reason_class=fault))
            for one, (status, fault, error, _kind) in zip(claim(store), FAILURES, strict=True)
        ]
    )

    roll(store)

    counted = {kind: count for (of, kind, *_), (count, _) in sums(place, store, 60).items() if of == "error"}
    assert counted == Counter(kind for *_, kind in FAILURES)
    assert [class_of(*failure) for *failure, _kind in FAILURES] == [kind for *_, kind in FAILURES]
    assert set(counted) <= set(CLASSES)
