"""Deliver: claim what is due, attempt it, settle what came of it.

::

    journal.watch ─ wake ─► claim (lanes) ─► webhook: transfers ─ replies ─┐
    a place is free ─┘         │  ▲                                        ├─► settler ─► journal.settle
    next_due_at ─────┘         │  └─ due again ◄───────────────────────────┤
                               └─► bus: a new event on the other bus ──────┘

Three threads: claiming (here), the exchanges (``targets.transfer``) and settling (``settle``), so that
neither a slow commit nor a slow receiver holds up the others.

Invariants: an attempt is made only under a lease. A target that hangs fills its own lane only. A delivery
whose process is killed comes back when its lease ends and is sent again with the same webhook-id. What is put
on another bus commits with the delivery's end, so it is put there exactly once.

Failures: a journal that is away stops claiming until it is back; results are held meanwhile. A target or rule
that is gone makes its deliveries dead letters, after a fresh look at the configuration: this process may not
have heard of it yet. Our own stop is no failed attempt: what has not finished in the grace is given back.
"""

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from django.conf import settings
from django.db import close_old_connections

from eventhub.domain import jsontext
from eventhub.domain.addresses import AddressGuard
from eventhub.domain.backoff import Backoff
from eventhub.domain.fault import ReasonClass
from eventhub.domain.identity import event_id
from eventhub.flow.claim import BATCH, Lanes, claim_due, next_due_at
from eventhub.flow.holder import new_holder
from eventhub.flow.patience import Patience
from eventhub.flow.payload import envelope_of
from eventhub.flow.results import deleted, log_attempt, settled
from eventhub.flow.rulebook import Rulebook, RulebookKeeper, TargetInForce
from eventhub.flow.settle import Settler
from eventhub.journal.port import Claimed, Hint, Journal, JournalUnavailable, NewEvent, Settled
from eventhub.targets import bus, webhook
from eventhub.targets.http import Reply, Request
from eventhub.targets.transfer import Transfers
from eventhub.targets.verdict import DELIVERED, Decision, Verdict

log = logging.getLogger("eventhub.deliver")

BACKSTOP_SECONDS = 1.0
GRACE_SECONDS = 2.0
# Between two claims that find nothing though something is said to be due: a lease that is being given back.
LEAST_WAIT_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Sent:
    """An exchange under way."""

    claimed: Claimed
    target: TargetInForce
    identifier: str
    size: int  # of the body, in bytes; the body itself is let go when it is sent


class Deliverer:
    """The delivering consumer of this process."""

    def __init__(
        self,
        journal: Journal,
        keeper: RulebookKeeper,
        guard: AddressGuard | None = None,
        *,
        backoff: Backoff | None = None,
        lanes: Lanes | None = None,
    ) -> None:
        self._journal = journal
        self._keeper = keeper
        self._backoff = backoff or Backoff()
        self._lanes = lanes or Lanes()
        self._holder = new_holder()
        self._patience = Patience()
        self._transfers: Transfers[Sent] = Transfers(guard or guard_of_settings(), self._replied)
        self._settler = Settler(journal, self._patience.wake)
        self._thread = threading.Thread(target=self._run, name="deliverer", daemon=True)
        journal.watch(self._hear)

    def start(self) -> None:
        """Start to deliver."""
        self._settler.start()
        self._transfers.start()
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """Claim no more, let what is in flight finish for the grace, give the rest back."""
        self._patience.stop()
        if not self._thread.is_alive():
            return
        self._thread.join(timeout_seconds)
        unfinished = [sent.claimed for sent in self._transfers.stop(grace_seconds)]
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
        now = time.time_ns() // 1000
        if self._settler.is_full():
            self._patience.wait(BACKSTOP_SECONDS)
            return
        claimed = claim_due(self._journal, rulebook, self._lanes, holder=self._holder, now=now)
        if claimed:
            self._begin(claimed, rulebook)
        if len(claimed) == BATCH:
            return
        due_at = next_due_at(self._journal, rulebook, self._lanes)
        wait = BACKSTOP_SECONDS if due_at is None else (due_at - time.time_ns() // 1000) / 1_000_000
        self._patience.wait(min(BACKSTOP_SECONDS, max(LEAST_WAIT_SECONDS, wait)))

    def _begin(self, claimed: list[Claimed], rulebook: Rulebook) -> None:
        if any(_gone(one, rulebook) for one in claimed):
            try:
                rulebook = self._refreshed()
            except Exception:  # the configuration is away: another moment, another try
                self._journal.release(claimed)
                raise
        exchanges: list[tuple[Sent, Request]] = []
        results: list[tuple[Callable[[], Settled], int]] = []
        for one in claimed:
            size = len(one.stored.event.detail)
            if gone := _gone(one, rulebook):
                results.append((partial(deleted, one, gone), size))
                continue
            target = rulebook.targets[one.target_id]
            if target.bus_id is not None:
                results.append((partial(self._put_on_bus, one, target, target.bus_id), size))
                continue
            try:
                sent, request = _exchange(one, target)
            except Exception as error:
                results.append((partial(self._failed, one, target, error), size))
                continue
            self._lanes.take(target.id, sent.size)
            exchanges.append((sent, request))
        self._transfers.submit(exchanges)
        self._settler.hand_in(results)

    def _replied(self, replies: list[tuple[Sent, Reply]]) -> None:
        """Take replies over from the transfer thread."""
        wanted = [self._lanes.free(sent.target.id, sent.size) for sent, _reply in replies]
        self._settler.hand_in(
            [(partial(self._judged, sent, reply), sent.size + len(reply.body)) for sent, reply in replies]
        )
        if any(wanted):
            self._patience.wake()

    def _judged(self, sent: Sent, reply: Reply) -> Settled:
        result = settled(
            sent.claimed,
            sent.target,
            webhook.verdict(reply),
            started_at=reply.started_at,
            ended_at=reply.ended_at,
            backoff=self._backoff,
            dice=random.random(),  # noqa: S311 - jitter, not a secret
            status=reply.status,
            phases=reply.phases,
            request=webhook.shown_request(sent.target.url, sent.size, sent.identifier),
            response=webhook.shown_response(reply),
        )
        log_attempt(result)
        return result

    def _put_on_bus(self, claimed: Claimed, target: TargetInForce, bus_id: int) -> Settled:
        """Return a delivery to a bus, with the event that commits with it."""
        now = time.time_ns() // 1000
        try:
            new = forwarded(claimed.stored.event, bus_id=bus_id, bus_name=target.bus, accepted_at=now)
        except Exception as error:
            return self._failed(claimed, target, error)
        result = settled(
            claimed,
            target,
            DELIVERED,
            started_at=now,
            ended_at=now,
            backoff=self._backoff,
            dice=0,
            request={"method": "PUT", "url": f"bus:{target.bus}"},
            response={"event": str(new.id)},
            entries=(new,),
        )
        log_attempt(result)
        return result

    def _failed(self, claimed: Claimed, target: TargetInForce, error: Exception) -> Settled:
        """Return a delivery that a bug of ours kept from being made: it must not hold up the others."""
        fields = {"delivery": claimed.delivery_id}
        log.error("delivery.not_made", exc_info=error, extra={"fields": fields})
        now = time.time_ns() // 1000
        result = settled(
            claimed,
            target,
            Verdict(Decision.RETRY, f"not made: {type(error).__name__}: {error}", ReasonClass.OURS),
            started_at=now,
            ended_at=now,
            backoff=self._backoff,
            dice=random.random(),  # noqa: S311 - jitter, not a secret
        )
        log_attempt(result)
        return result

    def _refreshed(self) -> Rulebook:
        try:
            return self._keeper.refresh()
        finally:
            close_old_connections()


def forwarded(event: NewEvent, *, bus_id: int, bus_name: str, accepted_at: int) -> NewEvent:
    """Return the event that a delivery to a bus puts there: the same fact, caused by this event."""
    attributes = jsontext.decode(event.attributes)
    attributes[bus.PASSED] = [*bus.passed(attributes), event.bus]
    return replace(
        event,
        id=event_id(accepted_at // 1000, secrets.randbits(74)),
        bus_id=bus_id,
        bus=bus_name,
        accepted_at=accepted_at,
        attributes=jsontext.encode(attributes),
        key=None,
        cause_id=event.id,
        hops=event.hops + 1,
    )


def guard_of_settings() -> AddressGuard:
    """Return which addresses targets may reach, as the operator set it."""
    return AddressGuard(tuple(settings.ALLOWED_NETWORKS), loopback_allowed=settings.LISTENS_ON_LOOPBACK)


def _gone(claimed: Claimed, rulebook: Rulebook) -> str:
    """Name what a delivery needs and does not exist; empty if all is there."""
    if claimed.target_id not in rulebook.targets:
        return "target"
    return "" if rulebook.rule(claimed.stored.event.bus_id, claimed.rule_id) else "rule"


def _exchange(claimed: Claimed, target: TargetInForce) -> tuple[Sent, Request]:
    event = claimed.stored.event
    identifier = webhook.webhook_id(event.id, claimed.delivery_id)
    body = envelope_of(event).as_bytes()
    request = webhook.request(target.url, body, identifier=identifier, timeout_seconds=target.timeout_seconds)
    return Sent(claimed, target, identifier, len(body)), request
