"""Settling: attempts, and what became of their deliveries and circuits, in one transaction."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from eventhub.journal import columns
from eventhub.journal.circuits import Facts
from eventhub.journal.limits import BEHIND
from eventhub.journal.port import OutcomeState, Settled
from eventhub.journal.sqlite.appending import Appending
from eventhub.journal.sqlite.circuits import Circuits
from eventhub.journal.sqlite.numbers import Numbers
from eventhub.journal.sqlite.routing import DELIVERY, read_turns
from eventhub.journal.sqlite.routing import OUTCOME as NEW_OUTCOME
from eventhub.journal.sqlite.statements import delete, insert, update

ATTEMPT = insert("attempt", ["seq", *columns.ATTEMPT])
DEAD_LETTER = insert("dead_letter", ["seq", *columns.DEAD_LETTER])
OUTCOME = update("outcome", columns.OUTCOME_SETTLED)
DUE_AGAIN = update("delivery", ["due_at", "failed"])
DONE = delete("delivery")
# The next of a key goes when the one before it is settled for good.
NEXT_OF_KEY = """
    UPDATE delivery SET due_at = ?1
    WHERE seq = (SELECT min(seq) FROM delivery WHERE target_id = ?2 AND fifo_key = ?3) AND due_at = ?4
"""


@dataclass(slots=True)
class Moved:
    """What a settlement did beside its rows: what memory and watchers hear of after the commit."""

    held: list[bool]
    circuits: dict[int, Facts] = field(default_factory=dict)
    due: bool = False  # a delivery became due, or will be


class Settling:
    """Writes settlements inside the committer's transaction."""

    def __init__(self, numbers: Numbers, appending: Appending) -> None:
        self._numbers = numbers
        self._appending = appending
        self.circuits = Circuits()

    def apply(
        self, db: sqlite3.Connection, settled: Sequence[Settled], held: Sequence[bool], now: int
    ) -> Moved:
        """Write attempts, outcomes and dead letters, and delete or postpone the deliveries that are held."""
        mine = [one for one, ours in zip(settled, held, strict=True) if ours]
        attempts, outcomes, dead, done, again = [], [], [], [], []
        for one in mine:
            delivery_id, event_id = one.claimed.delivery_id, one.claimed.stored.event.id.hex
            at = columns.standing(one, now)
            if one.attempt:
                number = self._numbers.take("attempt", 1)
                attempts.append((number, *columns.attempt_columns(one, one.attempt, event_id)))
            outcomes.append((delivery_id, *columns.settled_columns(one, at)))
            if at.final:
                done.append((delivery_id,))
            else:
                again.append((delivery_id, one.due_at, int(at.attempts > 0)))
            if one.state is OutcomeState.DEAD:
                number = self._numbers.take("dead_letter", 1)
                dead.append((number, *columns.dead_letter_columns(one, at, event_id)))
        ATTEMPT.run(db, attempts)
        OUTCOME.run(db, outcomes)
        DUE_AGAIN.run(db, again)
        DONE.run(db, done)
        DEAD_LETTER.run(db, dead)
        self._appending.store(db, [event for one in mine for event in one.entries])
        freed = self._let_next_go(db, mine, now)
        made = self._make_successors(db, mine, now)
        return Moved(list(held), self.circuits.move(db, mine, now), bool(again) or freed or made)

    def _let_next_go(self, db: sqlite3.Connection, settled: Sequence[Settled], now: int) -> bool:
        freed = False
        for one in settled:
            key = one.claimed.fifo_key
            if key is not None and one.state is not OutcomeState.PENDING:
                rows = db.execute(NEXT_OF_KEY, (now, one.claimed.target_id, key, BEHIND)).rowcount
                freed = freed or rows > 0
        return freed

    def _make_successors(self, db: sqlite3.Connection, settled: Sequence[Settled], now: int) -> bool:
        made = [(one.claimed.stored, one.successor) for one in settled if one.successor]
        if not made:
            return False
        turns = read_turns(db, (new for _stored, new in made))
        first = self._numbers.take("outcome", len(made))
        outcomes, deliveries = [], []
        for seq, (stored, new) in enumerate(made, start=first):
            event = stored.event
            outcomes.append(columns.outcome_columns(event, new, seq, event.id.hex, routed_at=now))
            due_at = turns.due_at(new, now)
            deliveries.append((seq, stored.position.seq, new.target_id, due_at, new.fifo_key))
        NEW_OUTCOME.run(db, outcomes)
        DELIVERY.run(db, deliveries)
        return True
