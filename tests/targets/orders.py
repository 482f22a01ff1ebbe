"""Builders of orders for tests of target kinds."""

import time
from dataclasses import replace
from typing import Any
from uuid import UUID

from eventhub.domain.addresses import AddressGuard
from eventhub.targets.kind import CallKind, EventFacts, Kind, Order, Result, Traces
from eventhub.targets.kinds import complete

EVENT = EventFacts(
    id=UUID("0193f1a0-0000-7000-8000-000000000001"),
    bus="default",
    source="shop",
    detail_type="order placed",
    envelope=b'{"version":"0","source":"shop","detail-type":"order placed","detail":{"order":{"id":17}}}',
)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACED = Traces(w3c=(("traceparent", TRACE), ("tracestate", "shop=1")))
LOOPBACK = AddressGuard(loopback_allowed=True)
PUBLIC_ONLY = AddressGuard()


def order_for(kind: Kind, settings: dict[str, Any], **changes: Any) -> Order:
    """Return an attempt to deliver EVENT with a kind's settings, completed by its defaults."""
    order = Order(
        settings=complete(kind, settings),
        body=EVENT.envelope,
        content_type="application/json",
        headers=(),
        message_id="0193f1a0-0000-7000-8000-000000000001-7",
        attempt=1,
        now=time.time_ns() // 1000,
        event=EVENT,
        timeout_seconds=5.0,
        connect_timeout_seconds=2.0,
    )
    return replace(order, **changes)


def sent_by(kind: CallKind, settings: dict[str, Any], guard: Any = LOOPBACK, **changes: Any) -> Result:
    """Make one attempt, and let go of the connection that the kind keeps for the next one."""
    result = kind.send(order_for(kind, settings, **changes), guard)
    close_kept(kind)
    return result


def close_kept(kind: Any) -> None:
    """Close what a kind keeps: in the product it lives as long as the process."""
    for idle in kind._kept._idle.values():
        for _since, connection in idle:
            kind._kept._close(connection)
    kind._kept._idle.clear()
