"""Route: walk each bus in order, match the rules in force, write deliveries, move the cursor.

::

    journal.watch ─ wake ─► for each bus: cursor → read ≤ 500 → matches.routing_of → journal.route
                              ▲                                                          │
                              └────────────── while any bus has more ◄───────────────────┘

One batch of each bus in turn, so a busy bus does not hold up the others. At low load a batch is one event and
commits at once; at high load batches grow while the previous one commits. A batch ends early once matching
took ``MATCH_SECONDS``: what is matched commits, the other buses have their turn, then this one goes on. So
events that are slow to match, each of them bounded (``domain.pattern``), hold up only those behind them.

Invariants: a batch commits whole with the moved cursor or not at all, so an event is routed once, whatever is
killed. A batch is routed under one rulebook, taken after its events were read: what is accepted after a
change was answered is routed by it. This thread brings the bus's index up to it (``indexes``). Nothing
vanishes: what is unmatched, unroutable or on an unknown bus gets its routing row.

A paused bus is a cursor that waits: nothing of it is read, and once resumed routing goes on where it was.

Failures: a lost hint costs a second (the backstop scan); a journal that is away is waited for; a bug is
logged and the walk tried again.
"""

import logging
import threading
import time
from collections.abc import Sequence

from django.db import close_old_connections

from eventhub.flow.holder import new_holder
from eventhub.flow.indexes import Indexes
from eventhub.flow.matches import routing_of
from eventhub.flow.patience import Patience
from eventhub.flow.rulebook import NO_RULES, BusRules, Rulebook, RulebookKeeper
from eventhub.journal.port import (
    UNKNOWN_BUS,
    Hint,
    Journal,
    JournalUnavailable,
    RoutedBatch,
    Routing,
    StoredEvent,
)

log = logging.getLogger("eventhub.route")

BATCH = 500
BACKSTOP_SECONDS = 1.0
# A dead worker's buses stand still for so long; a living one renews with every batch and every scan. One that
# only stalled loses nothing: its batch commits if the cursor is still where it was read, else changes no row.
# So of several workers that take longer than the lease, the first to be ready moves the bus on.
LEASE_SECONDS = 3.0
# Other buses may be made to wait for so long, and one event more. A full batch takes some 20 ms.
MATCH_SECONDS = 0.25


class Router:
    """The routing consumer of this process: one thread."""

    def __init__(self, journal: Journal, keeper: RulebookKeeper) -> None:
        self._journal = journal
        self._keeper = keeper
        self._holder = new_holder()
        self._patience = Patience()
        self._indexes = Indexes()
        self._rulesets: dict[int, tuple[BusRules, int]] = {}
        self._buses: set[int] = set()
        self._at_most: dict[int, int] = {}  # events to read, of buses whose last batch ended early
        self._scanned_at = 0.0  # monotonic: when the journal was last asked which buses there are
        self._thread = threading.Thread(target=self._run, name="router", daemon=True)
        journal.watch(self._hear)
        keeper.on_other_change(self._reconfigured)

    def start(self) -> None:
        """Start to route."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Finish the batch at hand and stop; what is unrouted waits in the journal."""
        self._patience.stop()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _hear(self, hint: Hint) -> None:
        if hint is Hint.EVENTS:
            self._patience.wake()

    def _reconfigured(self, _rulebook: Rulebook) -> None:
        self._patience.wake()  # a bus may have been resumed

    def _run(self) -> None:
        while not self._patience.stopping:
            try:
                while self._round() and not self._patience.stopping:
                    pass
                self._patience.well()
                self._patience.wait(BACKSTOP_SECONDS)
            except JournalUnavailable as error:
                log.warning("route.journal_unavailable", extra={"fields": {"error": str(error)}})
                self._patience.trouble()
            except Exception:
                log.exception("route.failed")
                self._patience.trouble()

    def _round(self) -> bool:
        """Route one batch of each bus; tell whether any of them has more."""
        now = time.monotonic()
        if now - self._scanned_at >= BACKSTOP_SECONDS:
            self._buses = set(self._journal.buses())
            self._scanned_at = now
        rulebook = self._keeper.current if self._keeper.current.version >= 0 else self._refreshed()
        self._indexes.follow(rulebook.rules)
        more = False
        # Unknown and deleted buses come with the scan: nobody waits for their events.
        for bus_id in (self._buses | rulebook.bus_names.keys()) - rulebook.paused:
            more |= self._route(bus_id)
        return more

    def _route(self, bus_id: int) -> bool:
        """Route a bus's next events; tell whether there are more."""
        after = self._journal.cursor(bus_id, holder=self._holder, lease_seconds=LEASE_SECONDS)
        if after is None:
            return False
        at_most = self._at_most.pop(bus_id, BATCH)
        events = self._journal.read(bus_id, after, at_most)
        if not events:
            return False
        rulebook = self._keeper.current
        if bus_id != UNKNOWN_BUS and bus_id not in rulebook.bus_names:
            rulebook = self._refreshed()  # made a moment ago, perhaps in another process
        if bus_id in rulebook.paused:  # since the round began
            return False
        ruleset_id = self._ruleset(bus_id, rulebook)
        routings = self._matched(events, rulebook)
        batch = RoutedBatch(
            bus_id=bus_id,
            read_from=after,
            reached=routings[-1].stored.position,
            ruleset_id=ruleset_id,
            routings=routings,
        )
        if not self._journal.route(batch):
            log.info("route.cursor_lost", extra={"fields": {"bus": bus_id}})
            return False
        more = len(routings) < len(events) or len(events) == at_most
        if more and len(routings) < BATCH:
            # What is read and not matched is read again: so not much more than will be.
            self._at_most[bus_id] = min(2 * len(routings), BATCH)
        return more

    def _matched(self, events: Sequence[StoredEvent], rulebook: Rulebook) -> list[Routing]:
        """Match events in order, for `MATCH_SECONDS` and at least the first."""
        until = time.monotonic() + MATCH_SECONDS
        routings = []
        for stored in events:
            routings.append(routing_of(stored, rulebook, self._indexes))
            if time.monotonic() > until:
                break
        return routings

    def _ruleset(self, bus_id: int, rulebook: Rulebook) -> int:
        on_bus = rulebook.rules.get(bus_id, NO_RULES)
        known = self._rulesets.get(bus_id)
        if known is None or known[0] is not on_bus:
            known = self._rulesets[bus_id] = (on_bus, self._journal.ruleset(bus_id, on_bus.in_force()))
        return known[1]

    def _refreshed(self) -> Rulebook:
        try:
            return self._keeper.refresh()
        finally:
            close_old_connections()
