"""Redrives as both engines keep them: which dead letters a selection names, and what a row says."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from eventhub.journal.gates import after_taking, tokens
from eventhub.journal.port import Bucket, DeadLetter, Redrive, RedriveState, Selection

LETTER = "seq, event_id, delivery_id, bus_id, rule_id, target_id, fifo_key"
REDRIVE = (
    "id, selection, state, per_second, total, done, skipped, skips, made_at, made_by, changed_at, position,"
    " last, full_at"
)
CHUNK_SECONDS = 0.5  # so much of its rate may come at once: a consumer looks more often than that

# From which states a redrive may be steered to another.
STEERED: Mapping[RedriveState, Collection[RedriveState]] = {
    RedriveState.RUNNING: {RedriveState.PAUSED},
    RedriveState.PAUSED: {RedriveState.RUNNING},
    RedriveState.CANCELLED: {RedriveState.RUNNING, RedriveState.PAUSED},
}


def condition(selection: Selection, mark: str) -> tuple[str, list[Any]]:
    """Return the SQL condition on ``dead_letter`` with its values; ``mark`` stands for a value."""
    parts = ["redriven_at IS NULL"]
    values: list[Any] = []
    for column, among in (("seq", selection.ids), ("bus_id", selection.bus_ids)):
        if among:
            parts.append(f"{column} IN ({','.join([mark] * len(among))})")
            values += among
    for column, sign, value in (
        ("bus", "=", selection.bus),
        ("rule", "=", selection.rule),
        ("target", "=", selection.target),
        ("reason", "=", selection.reason),
        ("reason_class", "=", selection.reason_class and selection.reason_class.value),
        ("status", "=", selection.status),
        ("dead_at", ">=", selection.since),
        ("dead_at", "<", selection.until),
    ):
        if value is not None:
            parts.append(f"{column} {sign} {mark}")
            values.append(value)
    return " AND ".join(parts), values


def text_of(selection: Selection) -> str:
    """Return the JSON that is kept: the members that were given."""
    given = msgspec.to_builtins(selection)
    return msgspec.json.encode({name: value for name, value in given.items() if value}).decode()


@dataclass(frozen=True, slots=True)
class Kept:
    """A redrive with its cursor and its bucket."""

    redrive: Redrive
    position: int  # the last dead letter that was looked at
    last: int  # the last one that it may look at
    full_at: int

    def allowed(self, now: int, limit: int) -> int:
        """Return how many its rate allows now."""
        return min(limit, tokens(self._bucket, self.full_at, now))

    def after(
        self, looked_at: Sequence[int], done: int, reasons: Sequence[str], *, now: int, ended: bool
    ) -> "Kept":
        """Return it after a chunk: which letters were looked at, how many are pending, why others are not."""
        skips = dict(self.redrive.skips)
        for reason in reasons:
            skips[reason] = skips.get(reason, 0) + 1
        return Kept(
            replace(
                self.redrive,
                state=RedriveState.DONE if ended else RedriveState.RUNNING,
                done=self.redrive.done + done,
                skipped=self.redrive.skipped + len(reasons),
                skips=skips,
                changed_at=now,
            ),
            looked_at[-1] if looked_at else self.position,
            self.last,
            after_taking(self._bucket, self.full_at, now, done) if done else self.full_at,
        )

    def columns(self) -> tuple[Any, ...]:
        """Return what a chunk changes: state, done, skipped, skips, changed_at, position, full_at; and id."""
        one = self.redrive
        skips = msgspec.json.encode(one.skips).decode()
        return (
            one.state.value,
            one.done,
            one.skipped,
            skips,
            one.changed_at,
            self.position,
            self.full_at,
            one.id,
        )

    @property
    def _bucket(self) -> Bucket:
        rate = self.redrive.per_second
        return Bucket("", rate, max(1.0, rate * CHUNK_SECONDS))


def kept(row: Sequence[Any]) -> Kept:
    """Return what the columns ``REDRIVE`` hold."""
    redrive_id, selection, state, per_second, total, done, skipped, skips, made_at, made_by, changed_at = row[
        :11
    ]
    return Kept(
        Redrive(
            redrive_id,
            msgspec.json.decode(selection, type=Selection),
            RedriveState(state),
            per_second,
            total,
            done,
            skipped,
            msgspec.json.decode(skips, type=dict[str, int]),
            made_at,
            made_by,
            changed_at,
        ),
        *row[11:],
    )


Refusal = Callable[[DeadLetter], str]
