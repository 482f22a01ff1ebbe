"""A small installation: a real journal, rulebook, router and deliverer, and a receiver."""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connections

from eventhub.domain.addresses import AddressGuard
from eventhub.domain.identity import event_id
from eventhub.flow.claim import Lanes
from eventhub.flow.deliver import Deliverer
from eventhub.flow.redrive import Redriver
from eventhub.flow.replay import Replayer
from eventhub.flow.route import Router
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import Journal, NewEvent
from eventhub.journal.rows import AttemptRow, DeadLetterRow, EventRow, OutcomeRow, RoutingRow
from eventhub.models import Bus, Rule, RuleTarget, Target
from tests.receiver import Receiver
from tests.until import until

QUICK = (0.02,) * 184
ANYTHING = '{"source": [{"exists": true}]}'


@dataclass
class House:
    """What a test works with."""

    journal: Journal
    receiver: Receiver
    keeper: RulebookKeeper = field(default_factory=lambda: RulebookKeeper(poll_seconds=0.05))
    schedule: tuple[float, ...] | None = QUICK
    guard: AddressGuard = field(default_factory=lambda: AddressGuard(loopback_allowed=True))
    lanes: Lanes = field(default_factory=Lanes)
    router: Router | None = None
    deliverer: Deliverer | None = None
    redriver: Redriver | None = None
    replayer: Replayer | None = None

    def start(self, *, routes: bool = True, delivers: bool = True) -> "House":
        self.keeper.refresh()
        if not self.keeper._thread:
            self.keeper.start()
        if routes:
            self.router = Router(self.journal, self.keeper)
            self.router.start()
        if delivers:
            self.deliverer = Deliverer(
                self.journal, self.keeper, self.guard, schedule=self.schedule, lanes=self.lanes
            )
            self.deliverer.start()
            self.redriver = Redriver(self.journal, self.keeper)
            self.redriver.start()
            self.replayer = Replayer(self.journal, self.keeper)
            self.replayer.start()
        return self

    def stop(self) -> None:
        if self.router:
            self.router.stop()
        if self.redriver:
            self.redriver.stop()
        if self.replayer:
            self.replayer.stop()
        if self.deliverer:
            self.deliverer.stop(grace_seconds=0)
        self.keeper.stop()

    # -- configuring ---------------------------------------------------------------------------------

    def bus(self, name: str = "default") -> Bus:
        return Bus.objects.get_or_create(name=name)[0]

    def webhook(self, path: str = "/", **fields: Any) -> Target:
        fields.setdefault("url", self.receiver.url(path))
        fields.setdefault("name", path.strip("/").replace("/", "-") or "root")
        return Target.objects.create(**fields)

    def to_bus(self, name: str) -> Target:
        return Target.objects.create(name=f"to-{name}", kind="bus", bus=self.bus(name))

    def rule(
        self,
        *targets: Target,
        bus: str = "default",
        name: str = "all",
        pattern: str = ANYTHING,
        enabled: bool = True,
        shadow: bool = False,
    ) -> Rule:
        rule = Rule.objects.create(
            bus=self.bus(bus), name=name, pattern=pattern, enabled=enabled, shadow=shadow
        )
        for target in targets:
            RuleTarget.objects.create(rule=rule, target=target)
        rule.record_version(by="test")
        return rule

    # -- acting and looking --------------------------------------------------------------------------

    def event(self, bus: str = "default", *, bus_id: int | None = None, **fields: Any) -> NewEvent:
        now = time.time_ns() // 1000
        detail = json.dumps(fields.pop("detail", {"order": 1})).encode()
        return NewEvent(
            id=event_id(now // 1000, secrets.randbits(74)),
            bus_id=self.bus(bus).pk if bus_id is None else bus_id,
            bus=bus,
            source=fields.pop("source", "shop"),
            detail_type=fields.pop("detail_type", "Order placed"),
            time=now,
            accepted_at=fields.pop("accepted_at", now),
            detail=detail,
            **fields,
        )

    def put(self, *events: NewEvent, count: int = 1, **fields: Any) -> list[NewEvent]:
        made = list(events) or [self.event(**fields) for _ in range(count)]
        self.journal.append(made).result(timeout=10)
        return made

    def routing(self, event: NewEvent) -> RoutingRow:
        return until(
            lambda: RoutingRow.objects.using("journal").filter(event_id=event.id).first(),
            what="a routing row",
        )

    def outcomes(self, event: NewEvent) -> list[OutcomeRow]:
        return list(OutcomeRow.objects.using("journal").filter(event_id=event.id).order_by("seq"))

    def outcome(self, event: NewEvent, state: str, *, seconds: float = 10.0) -> OutcomeRow:
        """Wait until the event's only outcome is in a state."""

        def found() -> OutcomeRow | None:
            return OutcomeRow.objects.using("journal").filter(event_id=event.id, state=state).first()

        with suppress(AssertionError):
            row: OutcomeRow = until(found, seconds=seconds, what=state)
            return row
        shown = [(one.state, one.reason) for one in self.outcomes(event)]
        raise AssertionError(f"wanted an outcome {state}, found {shown}")

    def attempts(self, event: NewEvent) -> list[AttemptRow]:
        return list(AttemptRow.objects.using("journal").filter(event_id=event.id).order_by("seq"))

    def dead_letter(self, event: NewEvent) -> DeadLetterRow:
        return DeadLetterRow.objects.using("journal").get(event_id=event.id)

    def events_on(self, bus: str) -> list[EventRow]:
        return list(EventRow.objects.using("journal").filter(bus=bus).order_by("seq"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def house(journal: Journal, receiver: Receiver) -> Iterator[House]:
    """A house whose consumers are not started yet."""
    made = House(journal, receiver)
    yield made
    made.stop()
    connections.close_all()
