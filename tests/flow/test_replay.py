"""Archive and replay: what is kept, what comes back, to whom, and how it is told from the first time."""

import json
import time
from dataclasses import replace

import pytest

from eventhub.domain.identity import event_id
from eventhub.flow.retain import Retainer
from eventhub.journal.port import NewReplay, Replay, ReplayState
from eventhub.journal.rows import ArchivedEventRow, RoutingRow
from eventhub.models import Archive
from tests.flow.conftest import House
from tests.receiver import Receiver
from tests.until import until

HOUR = 3600 * 1_000_000


def keep(house: House, name: str = "all", **fields: object) -> Archive:
    archive: Archive = Archive.objects.create(name=name, bus=house.bus(), **fields)
    return archive


def kept(archive: Archive) -> int:
    return ArchivedEventRow.objects.using("journal").filter(archive_id=archive.pk).count()


def replay(house: House, archive: Archive, **members: object) -> Replay:
    now = time.time_ns() // 1000
    order = NewReplay(
        **{"name": "again", "archive_id": archive.pk, "archive": archive.name, "bus_id": archive.bus_id}
        | {"bus": "default", "since": now - HOUR, "until": now + HOUR, "per_second": 1000.0, "made_at": now}
        | {"made_by": "user:ada"}
        | members
    )  # type: ignore[arg-type]
    made = house.journal.start_replay(order)
    assert made is not None
    return made


def ended(house: House) -> None:
    until(lambda: not house.journal.replays_under_way(), what="the replay's end")


def test_a_replayed_event_is_delivered_again_under_the_replays_name(house: House, receiver: Receiver):
    archive = keep(house)
    house.rule(house.webhook())
    house.start()
    [event] = house.put(detail={"order": 7})
    until(lambda: receiver.requests, what="the first delivery")

    replay(house, archive)

    until(lambda: len(receiver.requests) == 2, what="the second delivery")
    first, again = (json.loads(one.body) for one in receiver.requests)
    assert again.pop("replay-name") == "again"
    assert first.pop("id") == str(event.id)
    assert again.pop("id") != str(event.id)
    assert again == first
    [_, copy] = house.events_on("default")
    assert (copy.cause_id, copy.who) == (event.id, "replay:again")


def test_an_archive_keeps_what_its_pattern_picks_and_no_replayed_event(house: House):
    everything = keep(house)
    big = keep(house, "big", pattern='{"detail": {"order": [{"numeric": [">", 5]}]}}')
    house.start()
    house.put(detail={"order": 3})
    house.put(detail={"order": 8})
    until(lambda: kept(everything) == 2, what="two kept events")
    assert kept(big) == 1

    replay(house, everything)

    ended(house)
    until(lambda: RoutingRow.objects.using("journal").count() == 4, what="the replayed events' routing")
    assert (kept(everything), kept(big)) == (2, 1)


def test_a_replay_is_seen_by_the_rules_that_it_names_alone(house: House, receiver: Receiver):
    archive = keep(house)
    chosen = house.rule(house.webhook("/chosen"), name="chosen")
    house.rule(house.webhook("/other"), name="other")
    house.start()
    [event] = house.put()
    until(lambda: len(receiver.requests) == 2, what="the first deliveries")

    replay(house, archive, rule_ids=(chosen.pk,))

    until(lambda: len(receiver.requests) == 3, what="the replayed delivery")
    ended(house)
    assert receiver.requests[-1].path == "/chosen"
    row = house.routing(next(one for one in house.events_on("default") if one.cause_id == event.id))
    assert row.matched == 1


def test_a_replayed_event_that_goes_to_another_bus_is_seen_by_its_rules(house: House, receiver: Receiver):
    archive = keep(house)
    house.rule(house.webhook("/far"), bus="far", name="far")
    forwarding = house.rule(house.to_bus("far"), name="forward")
    house.start()
    house.put()
    until(lambda: receiver.requests, what="the first delivery")

    replay(house, archive, rule_ids=(forwarding.pk,))

    until(lambda: len(receiver.requests) == 2, what="the replayed delivery")
    assert json.loads(receiver.requests[-1].body)["replay-name"] == "again"


def test_patterns_tell_replayed_events_from_others(house: House, receiver: Receiver):
    archive = keep(house)
    house.rule(house.webhook("/first"), name="first", pattern='{"replay-name": [{"exists": false}]}')
    house.start()
    house.put()
    until(lambda: receiver.requests, what="the first delivery")

    replay(house, archive)

    ended(house)
    until(lambda: RoutingRow.objects.using("journal").count() == 2, what="the replayed event's routing")
    assert [one.matched for one in RoutingRow.objects.using("journal").order_by("seq")] == [1, 0]


def test_a_replay_of_an_archive_that_is_deleted_fails_and_its_events_go(house: House):
    archive = keep(house)
    house.start(delivers=False)
    house.put(count=3)
    until(lambda: kept(archive) == 3, what="kept events")
    again = replay(house, archive, per_second=0.5)
    archive.delete()
    retainer = Retainer(house.journal)
    retainer._prune()

    house.start(routes=False)

    ended(house)
    assert house.journal.archive_sizes() == {}
    assert house.journal.cancel_replay(again.id) is False


@pytest.mark.parametrize(("days", "left"), [(0, 2), (1, 1), (9, 2)])
def test_an_archive_keeps_events_for_its_own_days(house: House, days: int, left: int):
    archive = keep(house, retention_days=days)
    house.start(delivers=False)
    then = time.time_ns() // 1000 - 48 * HOUR
    old = replace(house.event(accepted_at=then), id=event_id(then // 1000, 1))
    house.put(old, house.event())
    until(lambda: kept(archive) == 2, what="kept events")

    Retainer(house.journal)._prune()

    assert kept(archive) == left


def test_a_state_is_one_of_eventbridges() -> None:
    assert {state.upper() for state in ReplayState} == {
        "STARTING",
        "RUNNING",
        "CANCELLING",
        "CANCELLED",
        "COMPLETED",
        "FAILED",
    }
