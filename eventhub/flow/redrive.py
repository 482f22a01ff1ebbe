"""Redrive: bring dead letters back at the pace that was asked for.

::

    REST, pages ─► journal.start_redrive ─► (here) journal.redrive, chunk by chunk ─► claim ─► deliver
                   journal.steer_redrive: pause, resume, cancel

A redrive is a row with a cursor, so it goes on wherever its consumer is killed: a chunk of letters is made
pending and the cursor moved in one transaction. Every worker may run it; the journal lets one chunk go at a
time and counts the rate over all of them. A letter whose target or rule is gone stays where it is, with the
reason counted.
"""

import logging
import threading
import time

from django.db import close_old_connections

from eventhub.flow.patience import Patience
from eventhub.flow.rulebook import Rulebook, RulebookKeeper
from eventhub.journal.port import DeadLetter, Journal, JournalUnavailable, Redrive, RedriveState

log = logging.getLogger("eventhub.redrive")

CHUNK = 500
# Between two looks at the redrives while any of them runs, and while none does.
PACE_SECONDS = 0.1
BACKSTOP_SECONDS = 1.0


class Redriver:
    """The redriving consumer of this process: one thread."""

    def __init__(self, journal: Journal, keeper: RulebookKeeper) -> None:
        self._journal = journal
        self._keeper = keeper
        self._patience = Patience()
        self._thread = threading.Thread(target=self._run, name="redriver", daemon=True)

    def start(self) -> None:
        """Start to redrive."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Finish the chunk at hand and stop; the rest waits in the journal."""
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
                log.warning("redrive.journal_unavailable", extra={"fields": {"error": str(error)}})
                self._patience.trouble()
            except Exception:
                log.exception("redrive.failed")
                self._patience.trouble()

    def _round(self) -> bool:
        """Take the next chunk of each running redrive; tell whether any goes on."""
        running = self._journal.running_redrives()
        if not running:
            return False
        rulebook = self._refreshed()
        after = [self._chunk(redrive, rulebook) for redrive in running]
        return any(after)

    def _chunk(self, redrive: Redrive, rulebook: Rulebook) -> bool:
        after = self._journal.redrive(
            redrive.id,
            limit=CHUNK,
            now=time.time_ns() // 1000,
            refusal=lambda letter: refusal(letter, rulebook),
        )
        if after is None:
            return False
        if after.state is RedriveState.DONE:
            fields = {"redrive": after.id, "done": after.done, "skipped": after.skipped}
            log.info("redrive.done", extra={"fields": fields})
        return after.state is RedriveState.RUNNING

    def _refreshed(self) -> Rulebook:
        try:
            return self._keeper.refresh()
        finally:
            close_old_connections()


def refusal(letter: DeadLetter, rulebook: Rulebook) -> str:
    """Say why a dead letter cannot be delivered again, or nothing if it can."""
    if letter.target_id is None or letter.target_id not in rulebook.targets:
        return "target deleted"
    # A delivery to a dead-letter target does not need its rule, but is not told apart here; it is rare that
    # both its rule is deleted and somebody redrives it.
    return "" if rulebook.rule(letter.bus_id, letter.rule_id) else "rule deleted"
