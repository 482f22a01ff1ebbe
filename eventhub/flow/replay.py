"""Replay: put a window of an archive's events on their bus again, at the pace that was asked for.

::

    doors ─► journal.start_replay ─► (here) journal.replay, chunk by chunk ─► route ─► deliver
             journal.cancel_replay

A replay is a row with a cursor, so it goes on wherever its consumer is killed: a chunk of events is appended
and the cursor moved in one transaction, and no event is put twice. Every worker may run it; the journal lets
one chunk go at a time and counts the rate over all of them. What is put is a new event, caused by the one it
copies; it says the replay's name, and no archive keeps it.
"""

import logging
import secrets
import threading
import time

from django.db import close_old_connections

from eventhub.domain.identity import event_id
from eventhub.flow.patience import Patience
from eventhub.flow.replayed import replayed
from eventhub.flow.rulebook import Rulebook, RulebookKeeper
from eventhub.journal.port import Journal, JournalUnavailable, NewEvent, Replay, ReplayState

log = logging.getLogger("eventhub.replay")

CHUNK = 500
# Between two looks at the replays while any of them runs, and while none does.
PACE_SECONDS = 0.1
BACKSTOP_SECONDS = 1.0
RANDOM_BITS = 74


class Replayer:
    """The replaying consumer of this process: one thread."""

    def __init__(self, journal: Journal, keeper: RulebookKeeper) -> None:
        self._journal = journal
        self._keeper = keeper
        self._patience = Patience()
        self._thread = threading.Thread(target=self._run, name="replayer", daemon=True)

    def start(self) -> None:
        """Start to replay."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Finish the chunk at hand and stop; the rest waits in the archive."""
        self._patience.stop()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self._patience.stopping:
            try:
                any_runs = self._round()
                self._patience.well()
                self._patience.wait(PACE_SECONDS if any_runs else BACKSTOP_SECONDS)
            except JournalUnavailable as error:
                log.warning("replay.journal_unavailable", extra={"fields": {"error": str(error)}})
                self._patience.trouble()
            except Exception:
                log.exception("replay.failed")
                self._patience.trouble()

    def _round(self) -> bool:
        """Put the next chunk of each replay; tell whether any goes on."""
        found = self._journal.replays_under_way()
        if not found:
            return False
        rulebook = self._refreshed()
        after = [self._chunk(replay, rulebook) for replay in found]
        return any(after)

    def _chunk(self, replay: Replay, rulebook: Rulebook) -> bool:
        after = self._journal.replay(
            replay.id,
            limit=CHUNK,
            now=time.time_ns() // 1000,
            refusal=refusal(replay, rulebook),
            make=_again,
        )
        if after is None:
            return False
        if after.ended_at is not None:
            fields = {"replay": after.order.name, "state": after.state, "events": after.done}
            log.info("replay.ended", extra={"fields": fields})
        return after.state is ReplayState.RUNNING

    def _refreshed(self) -> Rulebook:
        try:
            return self._keeper.refresh()
        finally:
            close_old_connections()


def _again(event: NewEvent, replay: Replay) -> NewEvent:
    now = time.time_ns() // 1000
    new_id = event_id(now // 1000, secrets.randbits(RANDOM_BITS))
    return replayed(event, replay, new_id=new_id, accepted_at=now)


def refusal(replay: Replay, rulebook: Rulebook) -> str:
    """Say why a replay cannot go on, or nothing if it can."""
    archives = rulebook.archives.get(replay.order.bus_id, ())
    if any(archive.id == replay.order.archive_id for archive in archives):
        return ""
    return f"Archive {replay.order.archive} was deleted."
