"""A small world to watch: buses, rules, targets, and events that are put through the journal by hand."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import (
    Attempt,
    Claimed,
    Journal,
    Limits,
    NewDelivery,
    OutcomeState,
    ReasonClass,
    RoutedBatch,
    Routing,
    RoutingState,
    Settled,
    StoredEvent,
)
from eventhub.models import Bus, Rule, RuleTarget, Target
from tests.journal.build import new_event, now_us

PATTERN = '{"source": ["shop"]}'


class World:
    """Bus ``default`` with rules ``paid`` (to mail) and ``all`` (to mail and books), and bus ``other``."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.keeper = RulebookKeeper()
        self.default = Bus.objects.get(name="default")
        self.other = Bus.objects.create(name="other")
        self.mail = Target.objects.create(name="mail", url="http://mail.example.com/in?token=s3cret")
        self.books = Target.objects.create(name="books", kind="bus", bus=self.other)
        self.paid = self.rule("paid", self.mail)
        self.all = self.rule("all", self.mail, self.books)
        self.keeper.refresh()

    def rule(self, name: str, *targets: Target) -> Rule:
        """Make a rule on the default bus."""
        rule = Rule.objects.create(bus=self.default, name=name, pattern=PATTERN)
        for target in targets:
            RuleTarget.objects.create(rule=rule, target=target)
        return rule

    def accept(self, count: int = 1, **members: Any) -> list[UUID]:
        """Put events on the default bus."""
        members = {"bus_id": self.default.pk, **members}
        appended = self.journal.append([new_event(**members) for _ in range(count)]).result(timeout=10)
        return [one.id for one in appended]

    def route(self, *matches: tuple[Rule, Target], bus: Bus | None = None, **members: Any) -> int:
        """Route everything that waits on a bus with these matches; return how many events that was."""
        bus_id = (bus or self.default).pk
        cursor = self.journal.cursor(bus_id, holder="test", lease_seconds=60)
        assert cursor is not None
        stored = self.journal.read(bus_id, cursor, 10_000)
        if not stored:
            return 0
        deliveries = [NewDelivery(rule.pk, rule.name, 1, target.pk, target.name) for rule, target in matches]
        state = RoutingState.MATCHED if matches else RoutingState.UNMATCHED
        routings = [self._routing(one, state, deliveries, members) for one in stored]
        ruleset = self.journal.ruleset(bus_id, [])
        batch = RoutedBatch(bus_id, cursor, stored[-1].position, ruleset, routings)
        assert self.journal.route(batch)
        return len(stored)

    def _routing(
        self, stored: StoredEvent, state: RoutingState, made: Sequence[NewDelivery], members: dict[str, Any]
    ) -> Routing:
        matched = len({one.rule_id for one in made})
        return Routing(
            **{
                "stored": stored,
                "state": state,
                "routed_at": now_us(),
                "matched": matched,
                "deliveries": made,
                **members,
            }
        )

    def claim(self, limit: int = 10_000) -> list[Claimed]:
        """Claim what is due."""
        limits = {target.pk: Limits(limit) for target in (self.mail, self.books)}
        return self.journal.claim(
            "test", now=now_us(), lease_seconds=60, limit=limit, limits=limits, in_flight={}, waiting=()
        )

    def deliver(self, claimed: Sequence[Claimed] | None = None, *, ms: float = 20) -> int:
        """Have everything that is due delivered; return how many that was."""
        return self.settle(self.claim() if claimed is None else claimed, OutcomeState.DELIVERED, ms=ms)

    def settle(
        self, claimed: Sequence[Claimed], state: OutcomeState, *, ms: float = 20, **attempt: Any
    ) -> int:
        """Settle deliveries with one attempt each: delivered, to be tried again in an hour, or dead."""
        good = state is OutcomeState.DELIVERED
        error = attempt.pop("error", "receiver answered 503")
        now = now_us()
        settled = [
            Settled(
                one,
                state,
                Attempt(
                    number=one.attempts + 1,
                    started_at=now,
                    ended_at=now + int(ms * 1000),
                    status=200 if good else 503,
                    error="" if good else error,
                    reason_class=None if good else ReasonClass.RECEIVER,
                    **attempt,
                ),
                due_at=now if state is OutcomeState.PENDING else None,
                reason_class=ReasonClass.RECEIVER if state is OutcomeState.DEAD else None,
                reason="" if good else error,
            )
            for one in claimed
        ]
        assert all(self.journal.settle(settled))
        return len(settled)
