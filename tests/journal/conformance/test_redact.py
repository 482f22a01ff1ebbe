"""Redacting takes an event's detail out of everything that is kept of it, and ends its deliveries."""

import json
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from eventhub.domain.redaction import REASON, Mark, is_redacted, mark_of
from eventhub.journal.port import (
    Journal,
    NewDelivery,
    NewEvent,
    OutcomeState,
    Redaction,
    StoredEvent,
    Wanted,
)
from tests.journal.build import (
    DAY,
    SECOND,
    append,
    attempt,
    batch_of,
    claim,
    dead,
    delivered,
    new_delivery,
    new_event,
    now_us,
    postponed,
)
from tests.journal.conformance.conftest import Place
from tests.journal.conformance.tables import rows
from tests.journal.conformance.test_archive import ARCHIVE, started, step

ZERO = UUID(int=0)
EMAIL = "zoe.marker@example.com"
DETAIL = f'{{"customer": {{"email": "{EMAIL}", "since": 2019.50}}, "total": 120}}'.encode()
MARK = Mark(now_us(), "user:ann", "she asked for it")


def routed(store: Journal, *events: NewEvent, deliveries: tuple[NewDelivery, ...] = ()) -> list[StoredEvent]:
    """Accept events, and route them to these deliveries and to an archive."""
    append(store, *events)
    after = store.cursor(1, holder="router", lease_seconds=30)
    assert after is not None
    found = store.read(1, after, 10_000)
    batch = batch_of(store, found, after, *deliveries)
    routings = [replace(one, archive_ids=(ARCHIVE,)) for one in batch.routings]
    assert store.route(replace(batch, routings=routings))
    return found


def texts(place: Place) -> str:
    """Return everything that the journal's tables say, as one text."""
    tables = ("dedup", "event", "archived_event", "attempt", "outcome", "dead_letter", "delivery", "routing")
    return repr([rows(place, table) for table in tables])


def test_an_event_and_its_copies_are_redacted(store: Journal, place: Place) -> None:
    [found] = routed(store, new_event(detail=DETAIL), deliveries=(new_delivery(fifo_key=EMAIL),))
    said = {"url": f"http://crm.example/{EMAIL}", "body": DETAIL.decode(), "headers": {"X-To": EMAIL}}
    [claimed] = claim(store)
    answered = attempt(request=said, response={"status": 400, "body": f"no {EMAIL}"}, error=f"no {EMAIL}")
    store.settle([replace(dead(claimed), attempt=answered, reason=f"refused {EMAIL}")])
    assert EMAIL in texts(place)
    before = store.archive_sizes()[ARCHIVE]

    done = store.redact([found.event.id], MARK)

    assert done == Redaction(events=1, archived=1, attempts=1, ended=0)
    assert EMAIL not in texts(place)
    [kept] = store.redactable(Wanted(ids=[found.event.id]), after=ZERO, limit=10)
    assert (kept.detail, mark_of(kept.attributes)) == (b'{"redacted":true}', MARK)
    sizes = store.archive_sizes()[ARCHIVE]
    assert sizes.events == 1
    [row] = rows(place, "archived_event")
    assert row["bytes"] == sizes.bytes != before.bytes
    [letter] = rows(place, "dead_letter")
    assert (letter["fifo_key"], letter["reason"]) == (None, "refused [redacted]")


def test_single_paths_are_redacted_and_the_rest_stays(store: Journal) -> None:
    [found] = routed(store, new_event(detail=DETAIL))

    store.redact([found.event.id], replace(MARK, paths=("customer.email",)))

    [kept] = store.redactable(Wanted(ids=[found.event.id]), after=ZERO, limit=10)
    assert kept.detail == b'{"customer":{"email":"[redacted]","since":2019.50},"total":120}'
    mark = mark_of(kept.attributes)
    assert mark is not None
    assert mark.paths == ("customer.email",)


def test_resources_and_the_key_go_with_the_whole_detail(store: Journal, place: Place) -> None:
    given = new_event(
        detail=DETAIL, resources=json.dumps([f"arn:{EMAIL}", "b"]).encode(), key=f"1 of {EMAIL}"
    )
    [found] = routed(store, given, deliveries=(new_delivery(),))
    [claimed] = claim(store)
    said = attempt(request={"headers": {"ce-id": f"1 of {EMAIL}"}}, error=f"no arn:{EMAIL}")
    store.settle([replace(dead(claimed), attempt=said)])

    store.redact([found.event.id], MARK)

    assert EMAIL not in texts(place)
    [event], [copy] = rows(place, "event"), rows(place, "archived_event")
    told = ['["[redacted]","[redacted]"]', None]
    assert [event["resources"], event["key"]] == [copy["resources"], copy["key"]] == told
    assert rows(place, "dedup") == []
    assert copy["bytes"] == store.archive_sizes()[ARCHIVE].bytes


def test_with_paths_resources_and_the_key_lose_what_repeats_them(store: Journal, place: Place) -> None:
    plain = new_event(detail=DETAIL, resources=b'["b"]', key="1")
    given = new_event(
        detail=DETAIL, resources=json.dumps([f"arn:{EMAIL}", "b"]).encode(), key=f"1 of {EMAIL}"
    )
    found = routed(store, plain, given)

    store.redact([one.event.id for one in found], replace(MARK, paths=("customer.email",)))

    told = [(row["resources"], row["key"]) for row in rows(place, "event")]
    assert told == [('["b"]', "1"), ('["arn:[redacted]","b"]', None)]
    assert [row["key"] for row in rows(place, "dedup")] == ["1"]


def test_a_key_that_was_redacted_is_taken_as_a_new_one(store: Journal) -> None:
    [first] = append(store, new_event(detail=DETAIL, key="again"))
    store.redact([first.id], MARK)

    [second] = append(store, new_event(detail=DETAIL, key="again"))

    assert not second.duplicate
    assert second.id != first.id


def test_what_is_pending_ends_as_a_dead_letter(store: Journal, place: Place) -> None:
    [found] = routed(store, new_event(detail=DETAIL), deliveries=(new_delivery(7), new_delivery(8)))

    assert store.redact([found.event.id], MARK).ended == 2

    assert claim(store) == []
    assert rows(place, "delivery") == []
    assert {(row["state"], row["reason"]) for row in rows(place, "outcome")} == {("dead", REASON)}
    assert {(row["reason"], row["reason_class"]) for row in rows(place, "dead_letter")} == {(REASON, "ours")}


def test_an_attempt_under_way_records_nothing(store: Journal, place: Place) -> None:
    [found] = routed(store, new_event(detail=DETAIL), deliveries=(new_delivery(),))
    [claimed] = claim(store)

    store.redact([found.event.id], MARK)

    assert store.settle([delivered(claimed)]) == [False]
    assert store.settle([postponed(claimed, now_us() + SECOND)]) == [False]
    assert rows(place, "attempt") == []
    assert claim(store) == []


def test_the_next_of_its_order_goes(store: Journal) -> None:
    first, _ = routed(store, new_event(detail=DETAIL), new_event(), deliveries=(new_delivery(fifo_key="k"),))
    store.redact([first.event.id], MARK)

    assert [one.fifo_key for one in claim(store)] == ["k"]


def test_only_what_is_named_is_redacted(store: Journal) -> None:
    one, other = routed(store, new_event(detail=DETAIL), new_event(detail=DETAIL))

    store.redact([one.event.id], MARK)

    found = store.redactable(Wanted(), after=ZERO, limit=10)
    redacted = {each.id: is_redacted(each.attributes) for each in found}
    assert redacted == {one.event.id: True, other.event.id: False}


def test_redacting_again_changes_nothing_more(store: Journal) -> None:
    [found] = routed(store, new_event(detail=DETAIL))
    store.redact([found.event.id], MARK)
    before = store.redactable(Wanted(), after=ZERO, limit=10)

    store.redact([found.event.id], MARK)
    store.redact([found.event.id], replace(MARK, paths=("customer",)))

    assert [one.detail for one in store.redactable(Wanted(), after=ZERO, limit=10)] == [
        one.detail for one in before
    ]


def test_events_are_wanted_by_bus_source_type_and_time(store: Journal) -> None:
    now = now_us()
    events = [
        new_event(accepted_at=now - 3 * SECOND, source="till"),
        new_event(accepted_at=now - 2 * SECOND, detail_type="order paid"),
        new_event(accepted_at=now - SECOND, bus_id=2, bus="other"),
    ]
    append(store, *events)

    def ids(**members: object) -> list[UUID]:
        found = store.redactable(Wanted(**members), after=ZERO, limit=10)  # type: ignore[arg-type]
        return [one.id for one in found]

    till, paid, other = (event.id for event in events)
    assert ids() == [till, paid, other]
    assert ids(source="till") == [till]
    assert ids(detail_type="order paid") == [paid]
    assert ids(bus="other") == [other]
    assert ids(bus_ids=[2]) == [other]
    assert ids(bus_ids=[]) == []
    assert ids(since=now - 2 * SECOND) == [paid, other]
    assert ids(until=now - 2 * SECOND) == [till]
    assert ids(ids=[other, till]) == [till, other]


def test_wanted_events_come_page_by_page(store: Journal) -> None:
    append(store, *(new_event() for _ in range(7)))

    after, pages = ZERO, []
    while found := store.redactable(Wanted(bus="default"), after=after, limit=3):
        pages.append(len(found))
        after = found[-1].id

    assert pages == [3, 3, 1]


def test_an_archive_is_redacted_when_the_journal_has_forgotten_the_event(
    store: Journal, place: Place
) -> None:
    now = now_us()
    [old] = routed(store, new_event(accepted_at=now - 20 * DAY, detail=DETAIL))
    while store.prune(before=now - 10 * DAY, max_bytes=0, min_free_bytes=0).more:
        pass
    assert rows(place, "event") == []

    [found] = store.redactable(Wanted(source="shop"), after=ZERO, limit=10)
    assert found.id == old.event.id
    assert store.redact([found.id], MARK) == Redaction(archived=1)

    assert EMAIL not in texts(place)


def test_what_was_made_of_an_event_is_found(store: Journal) -> None:
    [first] = routed(store, new_event(detail=DETAIL))
    step(store, started(store))
    forwarded = new_event(cause_id=first.event.id, bus_id=2, bus="other", hops=1)
    append(store, forwarded, new_event(cause_id=first.event.id), new_event())  # one that is a fact of its own

    made = store.caused_by([first.event.id])

    assert forwarded.id in made
    assert len(made) == 2


def test_no_byte_of_it_is_left_in_the_embedded_file(store: Journal, place: Place) -> None:
    large = b'{"customer": "%s", "note": "%s"}' % (EMAIL.encode(), b"zoe.marker " * 2000)
    events = routed(
        store, *(new_event(detail=large if n % 3 == 0 else DETAIL) for n in range(30)),
        deliveries=(new_delivery(),),
    )  # fmt: skip
    store.settle(
        [
            replace(
                delivered(one), attempt=attempt(request={"body": large.decode()}, response={"body": EMAIL})
            )
            for one in claim(store)
        ]
    )
    store.redact([one.event.id for one in events], MARK)

    left = store.wipe()

    if place.engine == "sqlite":
        assert left == ""
        path = Path(place.address)
        for file in path.parent.glob(f"{path.name}*"):
            assert b"zoe.marker" not in file.read_bytes(), file.name
    else:
        assert "VACUUM" in left
    states = {row["state"] for row in rows(place, "outcome")}
    assert states == {OutcomeState.DELIVERED}
