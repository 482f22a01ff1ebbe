"""Pages of journal rows, newest first, bounded by positions: what arrives meanwhile moves nothing."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest

from eventhub.journal.port import Position
from eventhub.journal.rows import Row

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the queries that lead to the newest and to older ones ("" if there are none)."""

    rows: list[Any]
    newest: str
    older: str


def position(text: str | None) -> Position | None:
    """Read a position from a query; 404 for one that is none, as for any address that leads nowhere."""
    if not text:
        return None
    try:
        return Position.parse(text)
    except ValueError:
        raise Http404(f"wanted a position such as 0-1a2b, found {text!r}") from None


def between(rows: Any, after: Position | None, before: Position | None) -> Any:
    """Return the rows strictly between two positions, newest first."""
    if after is not None:
        rows = rows.filter(Q(xid__gt=after.xid) | Q(xid=after.xid, seq__gt=after.seq))
    if before is not None:
        rows = rows.filter(Q(xid__lt=before.xid) | Q(xid=before.xid, seq__lt=before.seq))
    # On SQLite xid is 0 and seq alone, the key, gives the order for nothing.
    return rows.order_by("-seq") if settings.EMBEDDED else rows.order_by("-xid", "-seq")


def page_of(request: HttpRequest, rows: QuerySet[Any], filters: dict[str, str]) -> Page:
    """Return the page that the query asks for by ``before``."""
    before = position(request.GET.get("before"))
    found: list[Row] = list(between(rows, None, before)[: PER_PAGE + 1])
    older = ""
    if len(found) > PER_PAGE:
        found = found[:PER_PAGE]
        last = Position(found[-1].xid, found[-1].seq)
        older = "?" + urlencode({**filters, "before": str(last)})
    newest = "?" + urlencode(filters) if before is not None else ""
    return Page(found, newest, older)
