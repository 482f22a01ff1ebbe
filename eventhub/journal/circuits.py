"""The circuit of a target, as pure steps: each engine keeps the facts, locks them and stores what comes out.

::

    closed ── so many failures in a row, or of a minute's attempts ──► open ── wait ──► half-open
      ▲                                                                 ▲                   │
      │                                                                 └── probe failed ───┤
      └───────────────────────────── probe succeeded ───────────────────────────────────────┘

Only a probe moves an open circuit: attempts that began before it opened say nothing new about the receiver,
and where a ratio opened it their successes would close it at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from eventhub.domain.fault import ReasonClass
from eventhub.journal.port import Circuit, CircuitState, Settled

SLOT_US = 10_000_000  # a minute is counted in slots, and forgotten slot by slot
SLOTS = 6
LEAST_ATTEMPTS = 20  # in the minute, before its ratio says anything


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one target's circuit."""

    opened_at: int | None = None  # None while closed
    next_probe_at: int | None = None  # while open
    probe_until: int | None = None  # the lease's end of the probe under way
    failures: int = 0  # in a row
    recent: Sequence[tuple[int, int, int]] = ()  # (slot, attempts, failures) of the last minute

    @property
    def state(self) -> CircuitState:
        """Return the word for it."""
        if self.opened_at is None:
            return CircuitState.CLOSED
        return CircuitState.OPEN if self.probe_until is None else CircuitState.HALF_OPEN

    @property
    def probe_at(self) -> int | None:
        """Return when the next delivery may go, as a probe; None while all may."""
        if self.opened_at is None:
            return None
        return max(self.next_probe_at or 0, self.probe_until or 0)

    def lets_through(self, now: int) -> int | None:
        """Return how many deliveries may go now: 0, 1 as a probe, or None for all."""
        at = self.probe_at
        return None if at is None else int(at <= now)


CLEAN = Facts()


def failed(settled: Settled) -> bool | None:
    """Tell whether an attempt failed for the receiver's or the network's fault; None if it says nothing.

    A receiver that refuses one request, as by 404, works: it would take another one.
    """
    if settled.attempt is None or settled.attempt.reason_class is ReasonClass.OURS:
        return None
    return settled.attempt.reason_class is not None and not settled.refused


def changes(settled: Settled) -> bool:
    """Tell whether an attempt may change even a clean circuit."""
    circuit = settled.claimed.circuit
    if circuit is None:
        return False
    return settled.claimed.probe or bool(circuit.ratio_percent) or failed(settled) is True


def moved(facts: Facts, settled: Iterable[Settled], now: int) -> Facts:
    """Return the facts after these attempts, in their order; ``now`` counts where nothing was tried."""
    for one in settled:
        circuit = one.claimed.circuit
        if circuit is None:  # it has none any more
            facts = CLEAN
            continue
        at = one.attempt.ended_at if one.attempt else now
        facts = _after(facts, circuit, failed(one), probe=one.claimed.probe, at=at)
    return facts


def _after(facts: Facts, circuit: Circuit, failed: bool | None, *, probe: bool, at: int) -> Facts:
    if facts.opened_at is not None:
        if not probe:
            return facts
        if failed is False:
            return CLEAN
        return replace(
            facts,
            failures=facts.failures + bool(failed),
            next_probe_at=at + int(circuit.wait_seconds * 1_000_000),
            probe_until=None,
        )
    if failed is None:
        return facts
    failures = facts.failures + 1 if failed else 0
    recent = _counted(facts.recent, failed, at) if circuit.ratio_percent else ()
    if not (0 < circuit.failures <= failures or _too_many(recent, circuit.ratio_percent)):
        return Facts(failures=failures, recent=recent)
    return Facts(opened_at=at, next_probe_at=at + int(circuit.wait_seconds * 1_000_000), failures=failures)


def _counted(recent: Sequence[tuple[int, int, int]], failed: bool, at: int) -> Sequence[tuple[int, int, int]]:
    slot = at // SLOT_US
    slots = {number: (tried, lost) for number, tried, lost in recent if number > slot - SLOTS}
    tried, lost = slots.get(slot, (0, 0))
    slots[slot] = (tried + 1, lost + failed)
    return tuple((number, *counts) for number, counts in sorted(slots.items()))


def _too_many(recent: Sequence[tuple[int, int, int]], percent: int) -> bool:
    tried = sum(counts[1] for counts in recent)
    lost = sum(counts[2] for counts in recent)
    return tried >= LEAST_ATTEMPTS and lost > 0 and lost * 100 >= percent * tried
