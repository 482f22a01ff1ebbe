"""Archives keep copies with the routing that they come from; a replay puts each of a window once."""

from dataclasses import replace

from eventhub.journal.port import (
    ArchiveSize,
    Journal,
    NewEvent,
    NewReplay,
    Replay,
    ReplayState,
    StoredEvent,
)
from tests.journal.build import DAY, SECOND, append, batch_of, new_event, now_us, route

ARCHIVE = 5


def archived(
    store: Journal, *events: NewEvent, archive_ids: tuple[int, ...] = (ARCHIVE,)
) -> list[StoredEvent]:
    append(store, *events)
    after = store.cursor(1, holder="router", lease_seconds=30)
    assert after is not None
    found = store.read(1, after, 10_000)
    batch = batch_of(store, found, after)
    routings = [replace(one, archive_ids=archive_ids) for one in batch.routings]
    assert store.route(replace(batch, routings=routings))
    return found


def order(**members: object) -> NewReplay:
    now = now_us()
    given = {"since": now - DAY, "until": now + DAY, "per_second": 10_000.0, "made_at": now} | members
    return NewReplay(
        **{"name": "again", "archive_id": ARCHIVE, "archive": "all", "bus_id": 1, "bus": "default"}
        | {"made_by": "user:ada"}
        | given
    )  # type: ignore[arg-type]


def started(store: Journal, **members: object) -> Replay:
    made = store.start_replay(order(**members))
    assert made is not None
    return made


def step(
    store: Journal, replay: Replay, *, limit: int = 100, now: int = 0, refusal: str = ""
) -> Replay | None:
    def make(event: NewEvent, replay: Replay) -> NewEvent:
        who = f"replay:{replay.order.name}"
        return new_event(source=event.source, detail=event.detail, cause_id=event.id, who=who)

    return store.replay(replay.id, limit=limit, now=now or now_us(), refusal=refusal, make=make)


def test_an_archive_says_how_many_events_and_bytes_it_holds(store: Journal) -> None:
    events = [new_event(detail=b'{"name": "Zo\xc3\xab"}'), new_event()]

    archived(store, *events, archive_ids=(ARCHIVE, 6))
    archived(store, new_event())

    each = [len(e.source) + len(e.detail_type) + len(e.resources) + len(e.detail) + 2 for e in events]
    assert store.archive_sizes() == {
        ARCHIVE: ArchiveSize(3, sum(each) + each[1]),
        6: ArchiveSize(2, sum(each)),
    }


def test_nothing_is_kept_of_a_batch_that_does_not_commit(store: Journal) -> None:
    append(store, new_event())
    after = store.cursor(1, holder="router", lease_seconds=30)
    assert after is not None
    batch = batch_of(store, store.read(1, after, 10), after)
    stale = replace(batch, routings=[replace(one, archive_ids=(ARCHIVE,)) for one in batch.routings])
    route(store)

    assert not store.route(stale)
    assert store.archive_sizes() == {}


def test_a_replay_puts_each_event_of_its_window_once_in_order(store: Journal) -> None:
    now = now_us()
    events = [new_event(accepted_at=now - (9 - n) * SECOND, detail=b'{"n": %d}' % n) for n in range(9)]
    archived(store, *events)
    replay = started(store, since=events[2].accepted_at, until=events[7].accepted_at)
    assert (replay.state, replay.total, replay.done) == (ReplayState.STARTING, 5, 0)
    assert store.count_archived(ARCHIVE, since=events[2].accepted_at, until=events[7].accepted_at) == 5

    states = []
    while (after := step(store, replay, limit=2)) is not None:
        states.append((after.state, after.done, after.last_at))

    assert states == [
        (ReplayState.RUNNING, 2, events[3].accepted_at),
        (ReplayState.RUNNING, 4, events[5].accepted_at),
        (ReplayState.COMPLETED, 5, events[6].accepted_at),
    ]
    assert [one.event.cause_id for one in route(store)] == [event.id for event in events[2:7]]
    assert store.replays_under_way() == []


def test_a_window_ends_to_the_microsecond(store: Journal) -> None:
    at = now_us() // 1000 * 1000
    events = [new_event(accepted_at=at + n) for n in (0, 1, 2)]
    archived(store, *events)

    assert store.count_archived(ARCHIVE, since=at + 1, until=at + 2) == 1
    replay = started(store, since=at + 1, until=at + 2)
    step(store, replay)
    assert [one.event.cause_id for one in route(store)] == [events[1].id]


def test_a_replay_keeps_to_its_rate(store: Journal) -> None:
    archived(store, *(new_event() for _ in range(30)))
    replay = started(store, per_second=10.0)
    now = now_us()

    first = step(store, replay, now=now)
    at_once = step(store, replay, now=now)
    later = step(store, replay, now=now + SECOND // 5)

    assert [one and one.done for one in (first, at_once, later)] == [5, 5, 7]


def test_a_replay_is_cancelled_between_two_chunks(store: Journal) -> None:
    archived(store, *(new_event() for _ in range(4)))
    replay = started(store)
    step(store, replay, limit=2)

    assert store.cancel_replay(replay.id)
    assert not store.cancel_replay(replay.id)
    assert [one.state for one in store.replays_under_way()] == [ReplayState.CANCELLING]
    ended = step(store, replay)

    assert ended is not None
    assert (ended.state, ended.done) == (ReplayState.CANCELLED, 2)
    assert ended.ended_at is not None
    assert step(store, replay) is None


def test_a_replay_that_cannot_go_on_fails_with_the_reason(store: Journal) -> None:
    archived(store, new_event())
    ended = step(store, started(store), refusal="Archive all was deleted.")

    assert ended is not None
    assert (ended.state, ended.reason) == (ReplayState.FAILED, "Archive all was deleted.")
    assert route(store) == []


def test_the_name_of_a_replay_is_its_own(store: Journal) -> None:
    started(store, filter_arns=("arn:1",), rule_ids=(3,))

    assert store.start_replay(order()) is None
    (kept,) = store.replays_under_way()
    assert (kept.order.filter_arns, kept.order.rule_ids) == (("arn:1",), (3,))


def test_an_archive_outlives_the_journals_retention_and_has_its_own(store: Journal) -> None:
    now = now_us()
    old, recent = new_event(accepted_at=now - 20 * DAY), new_event(accepted_at=now - 3 * DAY)
    archived(store, old, recent)
    while store.prune(before=now, max_bytes=0, min_free_bytes=0).more:
        pass

    assert not store.prune_archive(ARCHIVE, before=now - 10 * DAY)

    assert store.archive_sizes()[ARCHIVE].events == 1
    assert step(store, started(store, since=0)) is not None
    assert [one.event.cause_id for one in route(store)] == [recent.id]
    assert not store.prune_archive(ARCHIVE, before=None)
    assert store.archive_sizes() == {}
