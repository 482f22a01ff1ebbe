"""Replays as both engines keep them: which archived events a window has, and what a row says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec

from eventhub.domain.identity import earliest_id
from eventhub.journal.gates import after_taking, tokens
from eventhub.journal.port import Bucket, NewEvent, NewReplay, Replay, ReplayState

CHUNK_SECONDS = 0.5  # so much of its rate may come at once: a consumer looks more often than that
REPLAY = (
    "id, name, description, archive_id, archive, bus_id, bus, since, until, rules, per_second, made_at,"
    " made_by, state, reason, total, done, started_at, last_at, ended_at, position, full_at"
)
NEW = (
    "name, description, archive_id, archive, bus_id, bus, since, until, rules, per_second, made_at, made_by,"
    " state, reason, total, done, full_at"
)


Make = Callable[[NewEvent, Replay], NewEvent]


class _Rules(msgspec.Struct):
    ids: list[int]
    arns: list[str]


@dataclass(frozen=True, slots=True)
class KeptReplay:
    """A replay with its cursor and its bucket."""

    replay: Replay
    position: UUID | None  # of the last archived event that was put
    full_at: int

    @property
    def beyond(self) -> tuple[UUID, UUID]:
        """Return between which event ids the rest of the window lies, both not of it."""
        order = self.replay.order
        first, last = bounds(order.since, order.until)
        return self.position or first, last

    def allowed(self, now: int, limit: int) -> int:
        """Return how many its rate allows now."""
        return min(limit, tokens(self._bucket, self.full_at, now))

    def ended(self, state: ReplayState, now: int, reason: str = "") -> "KeptReplay":
        """Return it after its end."""
        return replace(self, replay=replace(self.replay, state=state, reason=reason, ended_at=now))

    def after(self, put: Sequence[NewEvent], *, now: int, whole: bool) -> "KeptReplay":
        """Return it after a chunk of archived events was put; ``whole`` if there are no more."""
        was = self.replay
        return KeptReplay(
            replace(
                was,
                state=ReplayState.COMPLETED if whole else ReplayState.RUNNING,
                done=was.done + len(put),
                started_at=was.started_at or now,
                last_at=put[-1].accepted_at if put else was.last_at,
                ended_at=now if whole else None,
            ),
            put[-1].id if put else self.position,
            after_taking(self._bucket, self.full_at, now, len(put)) if put else self.full_at,
        )

    def progress(self) -> tuple[Any, ...]:
        """Return what a chunk changes, from ``state`` to ``full_at``, but for the position."""
        one = self.replay
        return (
            one.state.value,
            one.reason,
            one.done,
            one.started_at,
            one.last_at,
            one.ended_at,
            self.full_at,
        )

    @property
    def _bucket(self) -> Bucket:
        rate = self.replay.order.per_second
        return Bucket("", rate, max(1.0, rate * CHUNK_SECONDS))


def bounds(since: int, until: int) -> tuple[UUID, UUID]:
    """Return between which ids, both not of it, the events lie that were accepted in a window.

    To the millisecond, which is what ids tell: the moments themselves are asked for beside.
    """
    return UUID(int=max(earliest_id(since // 1000).int - 1, 0)), earliest_id(until // 1000 + 1)


def new_columns(order: NewReplay, total: int) -> tuple[Any, ...]:
    """Return the values of ``NEW``."""
    rules = msgspec.json.encode(_Rules(list(order.rule_ids), list(order.filter_arns))).decode()
    return (
        order.name,
        order.description,
        order.archive_id,
        order.archive,
        order.bus_id,
        order.bus,
        order.since,
        order.until,
        rules,
        order.per_second,
        order.made_at,
        order.made_by,
        ReplayState.STARTING.value,
        "",
        total,
        0,
        0,
    )


def kept_replay(row: Sequence[Any]) -> KeptReplay:
    """Return what the columns ``REPLAY`` hold."""
    replay_id, name, description, archive_id, archive, bus_id, bus, since, until, rules = row[:10]
    per_second, made_at, made_by, state, reason, total, done, started_at, last_at, ended_at = row[10:20]
    read = msgspec.json.decode(rules, type=_Rules)
    order = NewReplay(
        name,
        archive_id,
        archive,
        bus_id,
        bus,
        since,
        until,
        per_second,
        made_at,
        made_by,
        description,
        tuple(read.ids),
        tuple(read.arns),
    )
    position = row[20]
    return KeptReplay(
        Replay(replay_id, order, ReplayState(state), reason, total, done, started_at, last_at, ended_at),
        UUID(position) if isinstance(position, str) else position,
        row[21],
    )
