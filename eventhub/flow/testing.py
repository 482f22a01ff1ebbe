"""Testing a target: one attempt that somebody asked for, by the same code and guard as a delivery.

Nothing of it is recorded, no limit is asked and no circuit moved: who tests wants to know what the receiver
says now. A bus gets the event for good, since there is no other way to put one there.
"""

import secrets
import time
from dataclasses import replace

from eventhub.domain.addresses import AddressGuard
from eventhub.domain.fault import ReasonClass
from eventhub.domain.identity import event_id
from eventhub.flow.forward import put_on_bus
from eventhub.flow.guard import guard_of_settings
from eventhub.flow.orders import message_id, order_of, sender_of, settings_of
from eventhub.flow.process import parts
from eventhub.flow.target import TargetInForce, target_in_force
from eventhub.journal.port import UNKNOWN_BUS, NewEvent
from eventhub.models import Target
from eventhub.targets.kind import Result
from eventhub.targets.outbound import attempt
from eventhub.targets.verdict import Decision, Verdict

COMMIT_SECONDS = 10.0
SOURCE = "eventhub.test"
DETAIL_TYPE = "Test event"
DETAIL = b'{"message":"A test from Eventhub. No rule made this delivery."}'


def test_target(
    target: Target,
    event: NewEvent | None = None,  # noqa: PT028 - our word for it; none of pytest's tests
    *,
    guard: AddressGuard | None = None,  # noqa: PT028 - as above
) -> Result:
    """Make one attempt and return what came of it, within the target's time-out.

    ``target`` need not be saved; ``event`` is a sample without it. What cannot be made is a result too.
    """
    event = event or sample_event()
    in_force = target_in_force(target)
    now = time.time_ns() // 1000
    try:
        if in_force.bus_id is not None:
            return _put(event, in_force, in_force.bus_id)
        kind = sender_of(in_force)
        if missing := kind.missing():
            return Result(Verdict(Decision.GIVE_UP, missing, ReasonClass.OURS), now, now)
        order = order_of(
            event,
            in_force,
            settings_of(in_force, kind),
            transform=None,
            rule="",
            message_id=message_id(event.id, 0),
            attempt=1,
            now=now,
            attributes={},
        )
    except Exception as error:  # such as secrets that do not open: who tests is to read why
        reason = f"not made: {type(error).__name__}: {error}"
        return Result(Verdict(Decision.GIVE_UP, reason, ReasonClass.OURS), now, now)
    return attempt(kind, order, guard or guard_of_settings())


test_target.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test


def sample_event() -> NewEvent:
    """Return an event that says it is a test; it is on no bus."""
    now = time.time_ns() // 1000
    return NewEvent(
        id=event_id(now // 1000, secrets.randbits(74)),
        bus_id=UNKNOWN_BUS,
        bus="",
        source=SOURCE,
        detail_type=DETAIL_TYPE,
        time=now,
        accepted_at=now,
        detail=DETAIL,
    )


def _put(event: NewEvent, target: TargetInForce, bus_id: int) -> Result:
    result, entries = put_on_bus(event, target, bus_id)
    # The sample is no event of ours, so it is nobody's cause.
    made = [replace(entry, cause_id=None, hops=0, attributes=event.attributes) for entry in entries]
    if made:
        parts().journal.append(made).result(timeout=COMMIT_SECONDS)
    return result
