"""Deliver: claim what is due, attempt it, settle what came of it.

::

    journal.watch ─ wake ─► claim (lanes) ─► orders ─► outbound: HTTP, calls ─ results ─┐
    a place is free ─┘         │  ▲                                                     ├─► settler ─► settle
    next_due_at ─────┘         │  └─ due again ◄────────────────────────────────────────┤
                               └─► forward: a new event on another bus ─────────────────┘

Threads: claiming (here), the exchanges and calls of ``targets.outbound``, and settling (``settle``), so that
neither a slow commit nor a slow receiver holds up the others.

Invariants: an attempt is made only under a lease. A target that hangs fills its own lane only. A delivery
whose process is killed comes back when its lease ends and is sent again under the same id. What is put on
another bus, and what goes to a dead-letter target, commits with the delivery's end, so it is made once.

Failures: a journal that is away stops claiming until it is back; results are held meanwhile. A target or rule
that is gone makes its deliveries dead letters, after a fresh look at the configuration: this process may not
have heard of it yet. Our own stop is no failed attempt: what has not finished in the grace is given back.
"""

import logging
import random
import threading
import time
from dataclasses import dataclass, replace
from functools import partial

from django.db import close_old_connections

from eventhub.domain.addresses import AddressGuard
from eventhub.domain.fault import ReasonClass
from eventhub.domain.redaction import is_redacted
from eventhub.domain.transform import Transform, TransformError
from eventhub.flow.claim import BATCH, Claiming, Lanes
from eventhub.flow.dead_letter import is_dead_letter, with_successor
from eventhub.flow.forward import put_on_bus
from eventhub.flow.gone import disable_gone
from eventhub.flow.guard import guard_of_settings
from eventhub.flow.holder import new_holder
from eventhub.flow.orders import Orders, Sender
from eventhub.flow.patience import Patience
from eventhub.flow.payload import UnfitPayloadError
from eventhub.flow.results import deleted, log_attempt, settled, withheld
from eventhub.flow.rulebook import Rulebook, RulebookKeeper
from eventhub.flow.settle import Settler, Unsettled
from eventhub.flow.target import TargetInForce
from eventhub.journal.port import Claimed, Hint, Journal, JournalUnavailable, NewEvent, Settled
from eventhub.targets.kind import Order, Result
from eventhub.targets.outbound import Outbound
from eventhub.targets.verdict import Decision, Verdict

log = logging.getLogger("eventhub.deliver")

BACKSTOP_SECONDS = 1.0
GRACE_SECONDS = 2.0
# Between two claims that find nothing though something is said to be due: a lease that is being given back.
LEAST_WAIT_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Sent:
    """An attempt under way."""

    claimed: Claimed
    target: TargetInForce
    size: int  # of what is held for it, in bytes


class Deliverer:
    """The delivering consumer of this process."""

    def __init__(
        self,
        journal: Journal,
        keeper: RulebookKeeper,
        guard: AddressGuard | None = None,
        *,
        schedule: tuple[float, ...] | None = None,  # in place of each target's own, in seconds
        lanes: Lanes | None = None,
    ) -> None:
        self._journal = journal
        self._keeper = keeper
        self._schedule = schedule
        self._lanes = lanes or Lanes()
        self._orders = Orders()
        self._patience = Patience()
        self._claiming = Claiming(journal, self._lanes, new_holder())
        self._outbound: Outbound[Sent] = Outbound(
            guard or guard_of_settings(), self._attempted, self._not_begun
        )
        self._settler = Settler(journal, on_room=self._patience.wake, on_settled=self._settled)
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)
        journal.watch(self._hear)

    def start(self) -> None:
        """Start to deliver."""
        self._settler.start()
        self._outbound.start()
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Claim no more, let what is in flight finish for the grace, give the rest back."""
        self._patience.stop()
        if not self._thread.is_alive():
            return
        self._thread.join(timeout_seconds)
        unfinished = [sent.claimed for sent in self._outbound.stop(grace_seconds)]
        self._settler.stop(timeout_seconds)
        if unfinished:
            log.info("deliver.given_back", extra={"fields": {"deliveries": len(unfinished)}})
            try:
                self._journal.release(unfinished)
            except JournalUnavailable as error:  # the leases run out instead
                log.warning("deliver.journal_unavailable", extra={"fields": {"error": str(error)}})

    def _hear(self, hint: Hint) -> None:
        if hint is Hint.DELIVERIES:
            self._patience.wake()

    def _run(self) -> None:
        while not self._patience.stopping:
            try:
                self._turn()
                self._patience.well()
            except JournalUnavailable as error:
                log.warning("deliver.journal_unavailable", extra={"fields": {"error": str(error)}})
                self._patience.trouble()
            except Exception:
                log.exception("deliver.failed")
                self._patience.trouble()

    def _turn(self) -> None:
        """Claim and begin what is due, or wait until something may be."""
        rulebook = self._keeper.current if self._keeper.current.version >= 0 else self._refreshed()
        if self._settler.is_full():
            self._patience.wait(BACKSTOP_SECONDS)
            return
        claimed = self._claiming.claim(rulebook, time.time_ns() // 1000)
        if claimed:
            self._begin(claimed, rulebook)
        if len(claimed) == BATCH:
            return
        if self._patience.is_woken():  # no need to ask when: now
            self._patience.wait(0)
            return
        due_at = self._claiming.next_due_at(rulebook)
        wait = BACKSTOP_SECONDS if due_at is None else (due_at - time.time_ns() // 1000) / 1_000_000
        self._patience.wait(min(BACKSTOP_SECONDS, max(LEAST_WAIT_SECONDS, wait)))

    def _begin(self, claimed: list[Claimed], rulebook: Rulebook) -> None:
        if any(_gone(one, rulebook) for one in claimed):
            try:
                rulebook = self._refreshed()
            except Exception:  # the configuration is away: another moment, another try
                self._journal.release(claimed)
                raise
        now = time.time_ns() // 1000
        attempts: list[tuple[Sent, Sender, Order]] = []
        results: list[Unsettled] = []
        too_much: list[Claimed] = []
        for one in claimed:
            target = rulebook.targets.get(one.target_id)
            size = len(one.stored.event.detail)
            if is_redacted(one.stored.event.attributes):  # redriven, or routed at the same moment
                results.append((partial(withheld, one), size))
            elif gone := _gone(one, rulebook):
                results.append((partial(self._buried, one, target, gone), size))
            elif target is not None and target.bus_id is not None:
                results.append((partial(self._put_on_bus, one, target, target.bus_id), size))
            elif target is not None and self._lanes.is_crowded(target.id):
                too_much.append(one)  # how large they are shows only now
            elif target is not None:
                try:
                    kind, order = self._orders.order_for(one, target, _transform(one, rulebook), now)
                except Exception as error:
                    results.append((partial(self._failed, one, target, error), size))
                    continue
                sent = Sent(one, target, size + len(order.body))
                self._lanes.take(target.id, sent.size)
                attempts.append((sent, kind, order))
        self._outbound.submit(attempts)
        self._settler.hand_in(results, urgent=bool(results))
        if too_much:
            self._journal.release(too_much)

    def _attempted(self, results: list[tuple[Sent, Result]]) -> None:
        """Take results over from the drivers' threads."""
        wanted = [
            self._lanes.free(sent.target.id, sent.size, sent.target.limits.max_in_flight)
            for sent, _result in results
        ]
        self._settler.hand_in(
            [
                (partial(self._ended, sent.claimed, sent.target, result), sent.size + _held(result))
                for sent, result in results
            ],
            # The next of a key goes when the one before it is recorded.
            urgent=any(sent.claimed.fifo_key is not None for sent, _result in results),
        )
        if any(wanted):
            self._patience.wake()

    def _not_begun(self, many: list[Sent]) -> None:
        """Give back what waited so long for a thread that its lease would not last for the call."""
        for sent in many:
            self._lanes.free(sent.target.id, sent.size, sent.target.limits.max_in_flight)
        try:
            self._journal.release([sent.claimed for sent in many])
        except JournalUnavailable as error:  # the leases run out instead
            log.warning("deliver.journal_unavailable", extra={"fields": {"error": str(error)}})
        self._patience.wake()

    def _put_on_bus(self, claimed: Claimed, target: TargetInForce, bus_id: int) -> Settled:
        try:
            result, entries = put_on_bus(claimed.stored.event, target, bus_id)
        except Exception as error:
            return self._failed(claimed, target, error)
        return self._ended(claimed, target, result, entries)

    def _failed(self, claimed: Claimed, target: TargetInForce, error: Exception) -> Settled:
        """Return a delivery that was not attempted: by its transform, or a bug that must not stop others."""
        now = time.time_ns() // 1000
        if isinstance(error, UnfitPayloadError):
            verdict = Verdict(Decision.GIVE_UP, str(error), ReasonClass.OURS)
        else:
            log.error(
                "delivery.not_made", exc_info=error, extra={"fields": {"delivery": claimed.delivery_id}}
            )
            reason = f"not made: {type(error).__name__}: {error}"
            verdict = Verdict(Decision.RETRY, reason, ReasonClass.OURS)
        return self._ended(claimed, target, Result(verdict, now, now))

    def _ended(
        self, claimed: Claimed, target: TargetInForce, result: Result, entries: tuple[NewEvent, ...] = ()
    ) -> Settled:
        policy = target.policy if self._schedule is None else replace(target.policy, schedule=self._schedule)
        dice = random.random()  # noqa: S311 - jitter, not a secret
        ended = settled(claimed, policy, result, dice=dice, entries=entries)
        log_attempt(ended)
        return with_successor(ended, target, self._keeper.current)

    def _buried(self, claimed: Claimed, target: TargetInForce | None, what: str) -> Settled:
        return with_successor(deleted(claimed, what), target, self._keeper.current)

    def _settled(self, group: list[Settled]) -> None:
        """Hear, after the commit, what was settled."""
        try:
            disable_gone(group, self._keeper)
        finally:
            close_old_connections()

    def _refreshed(self) -> Rulebook:
        try:
            return self._keeper.refresh()
        finally:
            close_old_connections()


def _held(result: Result) -> int:
    """Return about how many bytes a result holds: what the receiver said is nearly all of it."""
    body = result.response.get("body")
    return len(body) if isinstance(body, str) else 0


def _gone(claimed: Claimed, rulebook: Rulebook) -> str:
    """Name what a delivery needs and does not exist; empty if all is there."""
    if claimed.target_id not in rulebook.targets:
        return "target"
    if is_dead_letter(claimed):
        return ""
    return "" if rulebook.rule(claimed.stored.event.bus_id, claimed.rule_id) else "rule"


def _transform(claimed: Claimed, rulebook: Rulebook) -> Transform | TransformError | None:
    """Return what the rule makes of the event for this target; a dead letter goes as the event came."""
    rule = rulebook.rule(claimed.stored.event.bus_id, claimed.rule_id)
    return rule.transforms.get(claimed.target_id) if rule and not is_dead_letter(claimed) else None
