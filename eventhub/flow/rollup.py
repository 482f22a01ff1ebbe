"""Rolling up: what happened is counted by second, minute and hour, so that pages can look back.

Once a second in a thread of its own, a second or so behind what happens; with several workers one of them
does it. A step is exact whatever is killed: sums and progress commit together.
"""

import logging
import threading
import time

from eventhub.journal.port import Journal, JournalUnavailable

log = logging.getLogger("eventhub.rollup")

GAUGES_SECONDS = 10
PRUNE_SECONDS = 60


class Roller:
    """Keeps a journal's rollups current."""

    def __init__(self, journal: Journal, *, look_seconds: float = 1.0) -> None:
        self._journal = journal
        self._look_seconds = look_seconds
        self._gauges_due_at = 0
        self._prune_due_at = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="roller", daemon=True)

    def start(self) -> None:
        """Begin; catches up first."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Stop after the step under way; ``timeout`` is in seconds."""
        self._stopping.set()
        self._thread.join(timeout)

    def _work(self) -> None:
        while not self._stopping.wait(self._look_seconds):
            try:
                self._look(int(time.time()))
            except JournalUnavailable as error:
                log.warning("rollup.unavailable", extra={"fields": {"error": str(error)}})
            except Exception:  # a bug here must not end the rollups for good
                log.exception("rollup.failed")

    def _look(self, now: int) -> None:
        while (rolled := self._journal.roll_up()) is not None and rolled.more:
            if self._stopping.is_set():
                return
        if now >= self._gauges_due_at:
            self._gauges_due_at = now - now % GAUGES_SECONDS + GAUGES_SECONDS
            self._journal.note_gauges(now, self._journal.target_states())
        if now >= self._prune_due_at:
            self._prune_due_at = now + PRUNE_SECONDS
            self._journal.prune_rollups(now)
