"""Settle: record attempts in groups, and keep what could not be recorded until it can.

While one group commits the next one gathers, so the group is as large as the moment asks. A journal that is
away is tried again until it is back; meanwhile the results are held here, and ``is_full`` stops claiming, so
what is held is bounded. A result that is never recorded is not lost work but repeated work: the lease runs
out and the delivery is attempted again, under the same webhook-id.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from eventhub.flow.patience import Patience
from eventhub.journal.port import Journal, JournalUnavailable, Settled

log = logging.getLogger("eventhub.deliver")

GROUP = 256
# How long results may wait for others to be recorded with: what they came of is over, and fewer commits leave
# the time to those that somebody waits for. At 1,000 deliveries a second this halves what each of them takes.
GATHER_SECONDS = 0.01
MAX_HELD = 2048
MAX_HELD_BYTES = 32 * 2**20

# A result still to be worked out, and the bytes it holds.
Unsettled = tuple[Callable[[], Settled], int]


class Settler:
    """One thread that settles what it is handed."""

    def __init__(
        self,
        journal: Journal,
        *,
        on_room: Callable[[], None],
        on_settled: Callable[[list[Settled]], None],
    ) -> None:
        self._journal = journal
        self._on_room = on_room
        self._on_settled = on_settled
        self._held: list[Unsettled] = []
        self._condition = threading.Condition()
        self._count = self._bytes = 0  # held or being settled
        self._closing = self._urgent = False
        self._patience = Patience()
        self._thread = threading.Thread(target=self._run, name="settler", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def hand_in(self, results: Sequence[Unsettled], *, urgent: bool = False) -> None:
        """Take results to settle. They are worked out in the settler's thread, where time is cheaper.

        What is ``urgent`` is recorded at once, since something waits for the record: others for a moment with
        more, ``GATHER_SECONDS`` at most.
        """
        with self._condition:
            is_first = not self._held
            self._urgent = self._urgent or urgent
            self._held.extend(results)
            self._count += len(results)
            self._bytes += sum(size for _result, size in results)
            if is_first or urgent or len(self._held) >= GROUP:
                self._condition.notify()

    def is_full(self) -> bool:
        """Tell whether claiming should wait until something is settled."""
        return self._count >= MAX_HELD or self._bytes >= MAX_HELD_BYTES

    def stop(self, timeout_seconds: float) -> None:
        """Settle what was handed in, then end; give up after the time-out, leaving it to the leases."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)
        self._patience.stop()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._held and not self._closing:
                    self._condition.wait()
                self._gather()
                if not self._held:
                    return
                self._urgent = False
                group, self._held = self._held[:GROUP], self._held[GROUP:]
            self._settle([settled for result, _size in group if (settled := _worked_out(result)) is not None])
            was_full = self.is_full()
            with self._condition:
                self._count -= len(group)
                self._bytes -= sum(size for _result, size in group)
            if was_full:
                self._on_room()

    def _gather(self) -> None:
        ends_at = time.monotonic() + GATHER_SECONDS
        while not (self._urgent or self._closing or len(self._held) >= GROUP):
            if (left := ends_at - time.monotonic()) <= 0:
                return
            self._condition.wait(left)

    def _settle(self, group: list[Settled]) -> None:
        while group:
            try:
                held = self._journal.settle(group)
            except JournalUnavailable as error:
                log.warning("deliver.journal_unavailable", extra={"fields": {"error": str(error)}})
                self._patience.trouble()
                if self._patience.stopping:
                    return
            except Exception:
                log.exception("deliver.settle_failed", extra={"fields": {"deliveries": len(group)}})
                if len(group) > 1:  # one of them is at fault: the others must not suffer
                    for one in group:
                        self._settle([one])
                return
            else:
                self._patience.well()
                for one, ours in zip(group, held, strict=True):
                    if not ours:
                        fields = {"delivery": one.claimed.delivery_id, "state": one.state}
                        log.warning("delivery.lease_lost", extra={"fields": fields})
                self._tell([one for one, ours in zip(group, held, strict=True) if ours])
                return

    def _tell(self, settled: list[Settled]) -> None:
        try:
            self._on_settled(settled)
        except Exception:  # what follows from results must not keep the next ones from being recorded
            log.exception("deliver.follow_up_failed", extra={"fields": {"deliveries": len(settled)}})


def _worked_out(result: Callable[[], Settled]) -> Settled | None:
    try:
        return result()
    except Exception:  # a bug: the lease brings the delivery back
        log.exception("deliver.result_failed")
        return None
