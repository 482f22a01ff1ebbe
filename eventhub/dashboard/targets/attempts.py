"""The latest attempts of a target, narrowed by when they ended, how long they took and why they failed.

Attempts are kept by delivery, so they are looked for among the deliveries that may hold the latest: the
newest ones, those accepted just before what waits, those that wait to be tried again, and those given up
last. Each is a seek in an index, and together they are bounded, whatever the journal holds.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import connections
from django.db.models import F, QuerySet
from django.db.models.functions import Collate
from django.http import QueryDict

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths_by_bus
from eventhub.domain.mask import mask_reason
from eventhub.journal.error_classes import CLASSES, class_of
from eventhub.journal.queued import tried_perhaps
from eventhub.journal.rows import AttemptRow, DeadLetterRow, EventRow, OutcomeRow, microseconds
from eventhub.models import Target

SHOWN = 30
_NEWEST, _BEFORE, _RETRYING, _DEAD = 600, 600, 200, 200  # deliveries that are looked at
_SECOND = 1_000_000
FAILED = "failed"  # beside the classes of errors: whatever failed


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the charts were asked for; ``since`` and ``until`` in seconds, ``over`` and ``under`` in ms."""

    since: int | None = None
    until: int | None = None
    over: float | None = None
    under: float | None = None
    error: str = ""

    def query(self, **changed: object) -> str:
        """Return it as a query, with some of it changed; "" for nothing."""
        names = ("since", "until", "over", "under", "error")
        wanted = {name: getattr(self, name) for name in names} | changed
        return urlencode({name: value for name, value in wanted.items() if value not in (None, "")})

    def __bool__(self) -> bool:
        return bool(self.query())

    def lets_pass(self, row: AttemptRow) -> bool:
        """Tell whether an attempt is among what was asked for."""
        ended, took = microseconds(row.ended_at), took_us(row)
        if self.since is not None and ended < self.since * _SECOND:
            return False
        if self.until is not None and ended >= self.until * _SECOND:
            return False
        # The rollups' buckets end where they end: what took just as long is within.
        if self.over is not None and took <= round(self.over * 1000, 1):
            return False
        if self.under is not None and took > round(self.under * 1000, 1):
            return False
        return not self.error or self.error in (kind_of(row), FAILED if row.error else "")


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """An attempt in a line: its delivery's names, its error masked where fields of its event are."""

    row: AttemptRow
    delivery: OutcomeRow | None
    event: str  # its type; "" where retention took it
    error: str
    kind: str

    @property
    def took_ms(self) -> float:
        """Return how long it took."""
        return took_us(self.row) / 1000


def read_narrowed(query: QueryDict) -> Narrowed:
    """Return what a query asks for; what cannot be read is not asked for."""
    error = str(query.get("error", ""))
    return Narrowed(
        since=_whole(query.get("since")),
        until=_whole(query.get("until")),
        over=_number(query.get("over")),
        under=_number(query.get("under")),
        error=error if error in (*CLASSES, FAILED) else "",
    )


def latest(
    target: Target, caller: Caller, narrowed: Narrowed, *, oldest_pending_at: int | None
) -> list[AttemptRow]:
    """Return attempts on buses that the caller may read, without their bodies, the last ended first."""
    deliveries = _deliveries(target, caller.buses(Scope.EVENTS_READ), narrowed, oldest_pending_at)
    rows = AttemptRow.objects.defer("phases", "request", "response").filter(delivery_id__in=deliveries)
    rows = rows.filter(target_id=target.pk)
    if (bus_ids := caller.buses(Scope.EVENTS_READ)) is not None:
        rows = rows.filter(bus_id__in=bus_ids)
    found = [row for row in rows if narrowed.lets_pass(row)]
    return sorted(found, key=lambda row: (row.ended_at, row.seq), reverse=True)


def shown(rows: Iterable[AttemptRow], caller: Caller) -> list[AttemptShown]:
    """Return attempts with the names of their deliveries."""
    rows = list(rows)
    found = OutcomeRow.objects.filter(seq__in={row.delivery_id for row in rows})
    deliveries: Mapping[int, OutcomeRow] = {row.seq: row for row in found}
    events = EventRow.objects.filter(id__in={row.event_id for row in rows})
    types = dict(events.values_list("id", "detail_type"))
    masked = masked_paths_by_bus(caller)
    return [
        AttemptShown(
            row,
            deliveries.get(row.delivery_id),
            types.get(row.event_id, ""),
            mask_reason(row.error) if row.bus_id in masked else row.error,
            kind_of(row),
        )
        for row in rows
    ]


def kind_of(row: AttemptRow) -> str:
    """Return the class of a failed attempt; "" of one that succeeded."""
    return class_of(row.status, row.reason_class, row.error) if row.error else ""


def took_us(row: AttemptRow) -> int:
    """Return how many microseconds an attempt took."""
    return microseconds(row.ended_at) - microseconds(row.started_at)


def _deliveries(
    target: Target, bus_ids: Collection[int] | None, narrowed: Narrowed, oldest_pending_at: int | None
) -> set[int]:
    made = _outcomes(target.name).filter(target_id=target.pk)
    letters = DeadLetterRow.objects.filter(target_id=target.pk)
    if bus_ids is not None:
        made, letters = made.filter(bus_id__in=bus_ids), letters.filter(bus_id__in=bus_ids)
    if narrowed.until is not None:
        made = made.filter(event_id__lt=_first_id(narrowed.until * _SECOND))
        letters = letters.filter(dead_at__lt=narrowed.until * _SECOND)
    newest = made.order_by("-event_id").values_list("seq", flat=True)
    found = set(newest[:_NEWEST])
    if oldest_pending_at is not None:
        before = _first_id(oldest_pending_at + _SECOND)
        found |= set(newest.filter(event_id__lt=before)[:_BEFORE])
        found |= set(tried_perhaps(target.pk, now=time.time_ns() // 1000, most=_RETRYING))
    found |= set(letters.order_by("-dead_at").values_list("delivery_id", flat=True)[:_DEAD])
    return found


def _outcomes(name: str) -> QuerySet[OutcomeRow]:
    """Return the outcomes of a target's name, as the index of them has it."""
    if connections["journal"].vendor == "sqlite":
        return OutcomeRow.objects.filter(target=name)
    return OutcomeRow.objects.annotate(named=Collate(F("target"), "C")).filter(named=name)


def _first_id(at: int) -> UUID:
    """Return the id before those of all events that are accepted at a moment or later."""
    return UUID(int=(at // 1000) << 80)


def _whole(text: Any) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None


def _number(text: Any) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e12 else None
