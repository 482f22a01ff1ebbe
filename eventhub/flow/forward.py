"""Forward: what a delivery to a bus puts there."""

import secrets
import time
from dataclasses import replace

from eventhub.domain import jsontext
from eventhub.domain.fault import ReasonClass
from eventhub.domain.identity import event_id
from eventhub.flow.replayed import RULES, TARGETS
from eventhub.flow.target import TargetInForce
from eventhub.journal.port import NewEvent
from eventhub.targets import bus
from eventhub.targets.kind import Result
from eventhub.targets.verdict import DELIVERED, Decision, Verdict


def put_on_bus(event: NewEvent, target: TargetInForce, bus_id: int) -> tuple[Result, tuple[NewEvent, ...]]:
    """Return the attempt of a bus target, and the event that commits with the delivery's end.

    Routing looks for loops before; here it is looked for again, because a dead letter comes here unrouted.
    """
    now = time.time_ns() // 1000
    request = {"method": "PUT", "url": f"bus:{target.bus}"}
    way = [*bus.passed(jsontext.decode(event.attributes)), event.bus]
    if (loop := bus.loop(event.hops, way)) is not None:
        return Result(Verdict(Decision.GIVE_UP, loop, ReasonClass.OURS), now, now, request=request), ()
    new = forwarded(event, bus_id=bus_id, bus_name=target.bus, accepted_at=now)
    return Result(DELIVERED, now, now, request=request, response={"event": str(new.id)}), (new,)


def forwarded(event: NewEvent, *, bus_id: int, bus_name: str, accepted_at: int) -> NewEvent:
    """Return the event that a delivery to a bus puts there: the same fact, caused by this event."""
    attributes = jsontext.decode(event.attributes)
    for name in (RULES, TARGETS):  # of the bus that it comes from
        attributes.pop(name, None)
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
