"""Pages that neither repeat nor miss a row while events arrive."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.journal.port import Position

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


class PositionPagination(BasePagination):
    """Pages of journal rows, newest first; oldest first with ``after`` alone, to follow what arrives."""

    next: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Return one page; raises ValidationError naming the parameter that is wrong."""
        limit = _limit(request)
        after, before = (_parameter(request, name, Position.parse, _POSITION) for name in ("after", "before"))
        forward = after is not None and before is None
        rows = list(_between(queryset, after, before, forward=forward)[: limit + 1])
        more, page = len(rows) > limit, rows[:limit]
        if forward:  # always to be asked again: more may have come by then
            self.next = _with(request, "after", str(position_of(page[-1])) if page else str(after))
        else:
            self.next = _with(request, "before", str(position_of(page[-1]))) if more else None
        return page

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        """Return the page as an answer."""
        return Response({"items": data, "next": self.next})


class KeyPagination(BasePagination):
    """Pages of configuration rows in the order of their making."""

    next: str | None = None

    def read_key(self, text: str) -> Any:
        """Return the key that a text says; raises ValueError."""
        return _whole(text)

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Return one page; raises ValidationError naming the parameter that is wrong."""
        limit = _limit(request)
        after = _parameter(request, "after", self.read_key, "the end of a `next` of this list")
        if after is not None:
            queryset = queryset.filter(pk__gt=after)
        rows = list(queryset.order_by("pk")[: limit + 1])
        self.next = _with(request, "after", str(rows[limit - 1].pk)) if len(rows) > limit else None
        return rows[:limit]

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        """Return the page as an answer."""
        return Response({"items": data, "next": self.next})


def position_of(row: Any) -> Position:
    """Return a journal row's place in its table."""
    return Position(row.xid, row.seq)


_POSITION = "the `position` of an item"


def _between(
    queryset: QuerySet[Any], after: Position | None, before: Position | None, *, forward: bool
) -> QuerySet[Any]:
    sign = "" if forward else "-"
    if connections[queryset.db].vendor == "sqlite":
        # xid is 0 there: seq alone is the position, and the key that gives the order for nothing.
        if after:
            queryset = queryset.filter(seq__gt=after.seq)
        if before:
            queryset = queryset.filter(seq__lt=before.seq)
        return queryset.order_by(f"{sign}seq")
    # Rows beyond the horizon may still get neighbours before them from transactions that are not done.
    table = f'"{queryset.model._meta.db_table}"'
    queryset = _where(queryset, f"{table}.xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    if after:
        queryset = _where(queryset, f"({table}.xid, {table}.seq) > (%s, %s)", after)
    if before:
        queryset = _where(queryset, f"({table}.xid, {table}.seq) < (%s, %s)", before)
    return queryset.order_by(f"{sign}xid", f"{sign}seq")


def _where(queryset: QuerySet[Any], sql: str, position: Position | None = None) -> QuerySet[Any]:
    parameters = (position.xid, position.seq) if position else ()
    return queryset.filter(RawSQL(sql, parameters, output_field=BooleanField()))  # noqa: S611 - no value in the text


def _parameter(request: Request, name: str, convert: Callable[[str], Any], wanted: str) -> Any:
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        return convert(text)
    except ValueError:
        raise ValidationError({name: f"wanted {wanted}, found {text!r}"}) from None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError(text)
    return int(text)


def _limit(request: Request) -> int:
    wanted = f"a whole number from 1 to {MAX_LIMIT}"
    limit: int | None = _parameter(request, "limit", _whole, wanted)
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise ValidationError({"limit": f"wanted {wanted}, found {limit}"})
    return limit


def _with(request: Request, name: str, value: str) -> str:
    """Return this request's path and query with one parameter set: it works through any proxy."""
    query = request.query_params.copy()
    query[name] = value
    return f"{request.path}?{query.urlencode()}"
