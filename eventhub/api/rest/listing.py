"""Lists and single rows of what happened."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError as ValueNotOfColumn
from django.db.models import Model, QuerySet
from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from eventhub.access.scopes import Scope
from eventhub.api.rest.media import JSONAnswer
from eventhub.api.rest.pagination import PositionPagination
from eventhub.api.rest.permissions import verified

PAGING = frozenset({"limit", "after", "before"})


def check_parameters(request: Request, known: frozenset[str]) -> None:
    """Refuse query parameters that we do not know: a misspelt filter must not answer everything."""
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise ValidationError({name: f"unknown; known are: {', '.join(sorted(known))}" for name in unknown})
    for name, value in request.query_params.items():
        if "\0" in value:  # PostgreSQL has no such text
            raise ValidationError({name: "a character with code 0 is nowhere in our data"})


class HappenedViewSet(GenericViewSet[Model]):
    """Journal rows, on the caller's buses."""

    reads = Scope.EVENTS_READ
    renderer_classes = [JSONAnswer]
    pagination_class = PositionPagination
    filters: Mapping[str, str] = {}  # query parameter → column
    choices: Mapping[str, frozenset[str]] = {}  # query parameter → its values, where they are few

    def rows(self) -> QuerySet[Any]:
        """Return all rows, before filters."""
        raise NotImplementedError

    def item(self, row: Any) -> dict[str, Any]:
        """Return a row as a list shows it."""
        raise NotImplementedError

    def whole(self, row: Any) -> dict[str, Any]:
        """Return a row with all that belongs to it."""
        raise NotImplementedError

    def seen(self) -> QuerySet[Any]:
        """Return the rows on buses that the caller may see."""
        bus_ids = verified(self.request).bus_ids
        return self.rows() if bus_ids is None else self.rows().filter(bus_id__in=bus_ids)

    def list(self, request: Request) -> Response:
        """Return one page of those that pass the filters."""
        check_parameters(request, PAGING | self.filters.keys())
        rows = self.seen()
        for name, column in self.filters.items():
            if name in request.query_params:
                value = request.query_params[name]
                if name in self.choices and value not in self.choices[name]:
                    raise ValidationError(
                        {name: f"wanted one of {', '.join(sorted(self.choices[name]))}, found {value!r}"}
                    )
                try:
                    rows = rows.filter(**{column: value})
                except ValueNotOfColumn:
                    raise ValidationError(
                        {name: f"wanted an id such as an event's, found {value!r}"}
                    ) from None
        page = self.paginate_queryset(rows)
        assert page is not None  # there is a pagination class
        return self.get_paginated_response([self.item(row) for row in page])

    def retrieve(self, request: Request, seq: str) -> Response:
        """Return one row, found by its number."""
        row = self.seen().filter(seq=int(seq)).first() if len(seq) < 19 else None
        if row is None:
            raise Http404
        return Response(self.whole(row))


def whole_parameter(request: Request, name: str, most: int) -> int | None:
    """Return a parameter that is a number from 1 to ``most``, None without it; raises ValidationError."""
    text = request.query_params.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise ValidationError({name: f"wanted a whole number from 1 to {most}, found {text!r:.40}"})
    return int(text)
