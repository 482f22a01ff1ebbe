"""A target as routing and delivering see it: one immutable value with everything that an attempt needs.

Secrets stay sealed here: ``orders`` opens them when the first attempt asks. What is sealed is left out of the
representation, so that no log line or traceback shows it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventhub.domain.jsonpath import JsonPath, JsonPathError, parse_path
from eventhub.domain.payload import PayloadFormat
from eventhub.domain.retry import RetryPolicy, Schedule
from eventhub.journal.port import Bucket, Circuit, Limits
from eventhub.models import Connection, Target

log = logging.getLogger("eventhub.rulebook")

# A bucket holds a tenth of a second's tokens, so that after a rest hardly more than the rate goes out.
BURST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class ConnectionInForce:
    """Stored credentials, still sealed."""

    id: int
    name: str
    auth: str
    config: Mapping[str, Any]
    sealed: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndpointInForce:
    """What an API destination adds to its targets."""

    id: int
    endpoint: str
    method: str


@dataclass(frozen=True, slots=True)
class TargetInForce:
    """A target with its policy, its limits and its settings."""

    id: int
    name: str
    kind: str
    url: str  # of a webhook
    bus_id: int | None  # of a bus target
    bus: str
    enabled: bool
    waits: str  # why its deliveries wait; empty if they do not
    policy: RetryPolicy
    limits: Limits
    rate_per_second: float | None  # its own; an API destination's is among the limits only
    timeout_seconds: int
    connect_timeout_seconds: int
    payload_format: PayloadFormat
    config: Mapping[str, Any]
    sealed: bytes | None = field(repr=False)
    connection: ConnectionInForce | None
    endpoint: EndpointInForce | None
    fifo_path: JsonPath | None
    dead_letter_target_id: int | None


def targets_in_force() -> dict[int, TargetInForce]:
    """Read all targets, by id."""
    rows = Target.objects.select_related("bus", "connection", "api_destination__connection")
    return {row.pk: target_in_force(row) for row in rows}


def target_in_force(row: Target) -> TargetInForce:
    """Return a target as it stands, saved or not."""
    destination = row.api_destination
    connection = destination.connection if destination else row.connection
    fifo_path, broken = _fifo_path(row)
    return TargetInForce(
        id=row.pk,
        name=row.name,
        kind=row.kind,
        url=row.url,
        bus_id=row.bus_id,
        bus=row.bus.name if row.bus else "",
        enabled=row.enabled,
        waits=_waits(row, connection) or broken,
        policy=RetryPolicy(row.max_attempts, row.max_age_seconds, Schedule(row.schedule)),
        limits=_limits(row),
        rate_per_second=row.rate_per_second,
        timeout_seconds=row.timeout_seconds,
        connect_timeout_seconds=row.connect_timeout_seconds,
        payload_format=PayloadFormat(row.payload_format),
        config=row.config,
        sealed=_bytes(row.sealed),
        connection=_connection(connection) if connection else None,
        endpoint=EndpointInForce(destination.pk, destination.endpoint, destination.method)
        if destination
        else None,
        fifo_path=fifo_path,
        dead_letter_target_id=row.dead_letter_target_id,
    )


def _waits(row: Target, connection: Connection | None) -> str:
    if not row.enabled:
        return "disabled"
    if row.paused:
        return "paused"
    if connection is not None and not connection.authorized:
        return f"connection {connection.name} is not authorised"
    return ""


def _fifo_path(row: Target) -> tuple[JsonPath | None, str]:
    """Return the path, and why the deliveries must wait if it cannot be read."""
    if not row.fifo_path:
        return None, ""
    try:
        return parse_path(row.fifo_path), ""
    except JsonPathError as error:  # only by a hand in the database: saving refuses it
        log.exception("target.fifo_path_broken", extra={"fields": {"target": row.name}})
        return None, f"fifo_path: {error}"


def _limits(row: Target) -> Limits:
    buckets = []
    if row.rate_per_second:
        buckets.append(_bucket(f"target:{row.pk}", row.rate_per_second))
    if row.api_destination:
        buckets.append(
            _bucket(f"api-destination:{row.api_destination.pk}", row.api_destination.rate_per_second)
        )
    circuit = Circuit(row.circuit_failures, row.circuit_ratio, row.circuit_wait_seconds)
    may_open = circuit.failures or circuit.ratio_percent
    return Limits(row.max_in_flight, tuple(buckets), circuit if may_open else None)


def _bucket(key: str, per_second: float) -> Bucket:
    return Bucket(key, per_second, burst=max(1.0, per_second * BURST_SECONDS))


def _connection(row: Connection) -> ConnectionInForce:
    return ConnectionInForce(row.pk, row.name, row.auth, row.config, _bytes(row.sealed))


def _bytes(sealed: bytes | memoryview | None) -> bytes | None:
    return None if sealed is None else bytes(sealed)  # PostgreSQL gives a memoryview
