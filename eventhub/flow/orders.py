"""Orders: what one attempt is to send, made of a claimed delivery, its rule's transform and its target.

Here alone secrets are opened, when the first attempt to a target asks; they stay open in memory for as long
as the target stays as it is, and in no log line, page or row.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings as installation

from eventhub.domain import jsontext
from eventhub.domain.entry import TRACE_HEADER
from eventhub.domain.payload import PayloadFormat
from eventhub.domain.trace import trace_headers
from eventhub.domain.transform import Transform, TransformError
from eventhub.flow.payload import envelope_of, payload_of
from eventhub.flow.target import TargetInForce
from eventhub.journal.port import Claimed, NewEvent
from eventhub.secret import Purpose, unseal
from eventhub.targets.credentials import Credentials
from eventhub.targets.kind import NO_TRACES, CallKind, EventFacts, HttpKind, Kind, Order, Traces
from eventhub.targets.kinds import complete, kind_of

Sender = HttpKind | CallKind  # a kind that orders are for


class Orders:
    """Makes orders, and remembers the settings of targets that it made them for. Safe from any thread."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[TargetInForce, Sender, Mapping[str, Any]]] = {}

    def order_for(
        self, claimed: Claimed, target: TargetInForce, transform: Transform | TransformError | None, now: int
    ) -> tuple[Sender, Order]:
        """Return the order of a delivery's next attempt, and the kind that carries it out.

        Raises UnfitPayloadError if the transform makes nothing of the event that may be sent.
        """
        kind, settings = self._of(target)
        event = claimed.stored.event
        return kind, order_of(
            event,
            target,
            settings,
            transform=transform,
            rule=claimed.rule,
            message_id=message_id(event.id, claimed.delivery_id),
            attempt=claimed.attempts + 1,
            now=now,
            attributes=claimed.attributes,
        )

    def _of(self, target: TargetInForce) -> tuple[Sender, Mapping[str, Any]]:
        known = self._known.get(target.id)
        if known is None or known[0] is not target:
            kind = sender_of(target)
            known = self._known[target.id] = (target, kind, settings_of(target, kind))
        return known[1], known[2]


def sender_of(target: TargetInForce) -> Sender:
    """Return the kind that carries out a target's orders; raises TypeError for a bus, which takes none."""
    kind = kind_of(target.kind)
    if not isinstance(kind, HttpKind | CallKind):
        raise TypeError(f"a {kind.name} target takes no orders")
    return kind


def order_of(
    event: NewEvent,
    target: TargetInForce,
    settings: Mapping[str, Any],
    *,
    transform: Transform | TransformError | None,
    rule: str,
    message_id: str,
    attempt: int,
    now: int,
    attributes: Mapping[str, str],
) -> Order:
    """Return one attempt's order; ``now`` in microseconds. Raises UnfitPayloadError."""
    envelope = envelope_of(event)
    payload = payload_of(
        event, envelope, transform=transform, rule=rule, payload_format=target.payload_format
    )
    # Most payloads are the envelope; kinds that look at it then find the same object, which costs nothing.
    is_envelope = transform is None and target.payload_format is PayloadFormat.EVENTBRIDGE
    as_bytes = payload.body if is_envelope else envelope.as_bytes()
    return Order(
        settings=settings,
        body=payload.body,
        content_type=payload.content_type,
        headers=payload.headers,
        message_id=message_id,
        attempt=attempt,
        now=now,
        event=EventFacts(event.id, event.bus, event.source, event.detail_type, as_bytes),
        timeout_seconds=target.timeout_seconds,
        connect_timeout_seconds=target.connect_timeout_seconds,
        attributes=attributes,
        traces=traces_of(event),
    )


def traces_of(event: NewEvent) -> Traces:
    """Return the traces that came with an event."""
    if event.attributes == b"{}":  # as nearly all
        return NO_TRACES
    attributes = jsontext.decode(event.attributes)
    found = attributes.get(TRACE_HEADER)
    return Traces(found if isinstance(found, str) else "", trace_headers(attributes))


def settings_of(target: TargetInForce, kind: Kind) -> dict[str, Any]:
    """Return a target's settings as its kind reads them, secrets opened.

    Beside the kind's own fields: ``url`` of a webhook, ``endpoint`` and ``method`` of an API destination,
    ``connection`` and ``rate_per_second`` if there are any, and what the kind wants to know of this
    installation. Raises BrokenSealError under another secret key.
    """
    settings = complete(kind, {**target.config, **_opened(target.sealed, Purpose.TARGET)})
    for name in kind.installation:
        settings[name] = getattr(installation, name.upper())
    if target.url:
        settings["url"] = target.url
    if target.rate_per_second:
        settings["rate_per_second"] = target.rate_per_second
    if settings.get("handshake") and not settings.get("origin"):
        settings["origin"] = urlsplit(installation.PUBLIC_URL).hostname
    if target.endpoint is not None:
        settings["endpoint"] = target.endpoint.endpoint
        settings["method"] = target.endpoint.method
    if target.connection is not None:
        kept = target.connection
        settings["connection"] = Credentials(kept.auth, kept.config, _opened(kept.sealed, Purpose.CONNECTION))
    return settings


def message_id(event_id: UUID, delivery_id: int) -> str:
    """Return what names a delivery to its receiver: the same in every attempt and after a redrive."""
    return f"{event_id}-{delivery_id}"


# A rulebook that is read again brings new targets with the same seals; opening one takes 100 µs.
@lru_cache(maxsize=4096)
def _opened(sealed: bytes | None, purpose: Purpose) -> Mapping[str, Any]:
    if sealed is None:
        return {}
    opened: dict[str, Any] = json.loads(unseal(sealed, purpose, installation.SECRET_KEY))
    return opened
