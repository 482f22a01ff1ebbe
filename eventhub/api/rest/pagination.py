"""Pages that neither repeat nor miss a row while events arrive."""

import base64
import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError as ValueNotOfColumn
from django.db import connections
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.journal.port import START, Position

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
NEWEST, OLDEST = "newest", "oldest"


class PositionPagination(BasePagination):
    """Pages of journal rows, newest first.

    With ``order=oldest``, or ``after`` alone, oldest first, to follow what arrives.
    """

    next: str | None = None

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Return one page; raises ValidationError naming the parameter that is wrong."""
        limit = _limit(request)
        after, before = (_parameter(request, name, Position.parse, _POSITION) for name in ("after", "before"))
        order = _order(request, NEWEST, {NEWEST, OLDEST}) if "order" in request.query_params else ""
        forward = order == OLDEST or (not order and after is not None and before is None)
        rows = list(_between(queryset, after, before, forward=forward)[: limit + 1])
        more, page = len(rows) > limit, rows[:limit]
        if forward and (
            more or before is None
        ):  # to be asked again, also at the end: more may have come by then
            self.next = _with(request, "after", str(position_of(page[-1]) if page else after or START))
        elif forward:
            self.next = None
        else:
            self.next = _with(request, "before", str(position_of(page[-1]))) if more else None
        return page

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        """Return the page as an answer."""
        return Response({"items": data, "next": self.next})


class NumberPagination(BasePagination):
    """Pages of rows that are numbered as they are made, newest first; or with ``order=oldest``."""

    next: str | None = None
    column = "id"

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Return one page; raises ValidationError naming the parameter that is wrong."""
        limit, order = _limit(request), _order(request, NEWEST, {NEWEST, OLDEST})
        for name, how in (("after", "gt"), ("before", "lt")):
            if (number := _parameter(request, name, _whole, f"the {self.column} of an item")) is not None:
                queryset = queryset.filter(**{f"{self.column}__{how}": number})
        sign = "" if order == OLDEST else "-"
        rows = list(queryset.order_by(f"{sign}{self.column}")[: limit + 1])
        if len(rows) > limit:
            last = str(getattr(rows[limit - 1], self.column))
            self.next = _with(request, "after" if order == OLDEST else "before", last)
        return rows[:limit]

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        """Return the page as an answer."""
        return Response({"items": data, "next": self.next})


class KeyPagination(BasePagination):
    """Pages of configuration rows in the order of their making, or as ``order`` says; ``-`` turns it round.

    A row that does not change comes once, whatever is made, changed and deleted meanwhile. With ``changed``,
    one that changes after it was seen comes again.
    """

    next: str | None = None
    orders = {"made": "pk", "name": "name", "changed": "updated_at"}

    def read_key(self, text: str) -> Any:
        """Return the key that a text says; raises ValueError."""
        return _whole(text)

    def _read_place(self, text: str) -> tuple[str, Any]:
        """Return the value and the key that ``_placed`` wrote; raises ValueError."""
        place = json.loads(base64.urlsafe_b64decode(text.encode()))
        if not (isinstance(place, list) and len(place) == 2 and all(isinstance(one, str) for one in place)):
            raise ValueError(text)
        if "\0" in place[0]:
            raise ValueError(text)
        return place[0], self.read_key(place[1])

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Return one page; raises ValidationError naming the parameter that is wrong."""
        limit = _limit(request)
        order = _order(request, "made", {*self.orders, *(f"-{order}" for order in self.orders)})
        column, down = self.orders[order.lstrip("-")], order.startswith("-")
        how, sign = ("lt", "-") if down else ("gt", "")
        read: Callable[[str], Any] = self.read_key if column == "pk" else self._read_place
        wanted = "the end of a `next` of this list in this order"
        after = _parameter(request, "after", read, wanted)
        if after is not None and column == "pk":
            queryset = queryset.filter(**{f"pk__{how}": after})
        elif after is not None:
            value, pk = after
            try:
                beyond = Q(**{f"{column}__{how}": value}) | Q(**{column: value, f"pk__{how}": pk})
                queryset = queryset.filter(beyond)
            except ValueNotOfColumn:
                raise ValidationError({"after": f"wanted {wanted}"}) from None
        rows = list(queryset.order_by(*dict.fromkeys([f"{sign}{column}", f"{sign}pk"]))[: limit + 1])
        if len(rows) > limit:
            last = rows[limit - 1]
            place = str(last.pk) if column == "pk" else _placed(getattr(last, column), last.pk)
            self.next = _with(request, "after", place)
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


def _placed(value: Any, pk: Any) -> str:
    text = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([text, str(pk)]).encode()).decode()


def _order(request: Request, usual: str, known: Collection[str]) -> str:
    order: str = request.query_params.get("order", usual)
    if order not in known:
        wanted = ", ".join(sorted(known, key=lambda one: (one.lstrip("-"), one)))
        raise ValidationError({"order": f"wanted one of {wanted}, found {order!r:.40}"})
    return order


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
