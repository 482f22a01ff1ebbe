"""Lists and single rows of what happened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError as ValueNotOfColumn
from django.db.models import BooleanField, Model, QuerySet
from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.api.rest.media import JSONAnswer
from eventhub.api.rest.pagination import PositionPagination
from eventhub.api.rest.permissions import verified

PAGING = frozenset({"limit", "after", "before", "order"})
WINDOW = frozenset({"since", "until"})


def check_parameters(request: Request, known: frozenset[str]) -> None:
    """Refuse query parameters that we do not know: a misspelt filter must not answer everything."""
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise ValidationError({name: f"unknown; known are: {', '.join(sorted(known))}" for name in unknown})
    for name, value in request.query_params.items():
        if "\0" in value:  # PostgreSQL has no such text
            raise ValidationError({name: "a character with code 0 is nowhere in our data"})


_TRUTH = {"true": True, "false": False}


def narrowed(rows: QuerySet[Any], request: Request, lookups: Mapping[str, str]) -> QuerySet[Any]:
    """Return the rows that pass the filters of a request; raises ValidationError naming a wrong one.

    ``lookups`` say for each parameter which column it asks for, or with ``__startswith`` and others how.
    """
    for name, lookup in lookups.items():
        value: Any = request.query_params.get(name)
        if not value:
            continue
        column, _, how = lookup.partition("__")
        field = rows.model._meta.get_field(column)
        if isinstance(field, BooleanField):
            if value not in _TRUTH:
                raise ValidationError({name: f"wanted true or false, found {value!r:.40}"})
            value = _TRUTH[value]
        elif not how and getattr(field, "choices", None):
            known = [str(choice) for choice, _ in field.choices]
            if value not in known:
                raise ValidationError({name: f"wanted one of {', '.join(known)}, found {value!r:.40}"})
        rows = rows.filter(**{lookup: value})
    return rows


class HappenedViewSet(GenericViewSet[Model]):
    """Journal rows, on the caller's buses."""

    reads = Scope.EVENTS_READ
    renderer_classes = [JSONAnswer]
    pagination_class = PositionPagination
    filters: Mapping[str, str] = {}  # query parameter → column
    choices: Mapping[str, frozenset[str]] = {}  # query parameter → its values, where they are few
    named: frozenset[str] = frozenset()  # query parameters that ``rows`` sees to itself
    searched: frozenset[str] = frozenset()  # query parameters that make it a search instead
    moment = ""  # the column that `since` (inclusive) and `until` (exclusive) ask for, if the list has them

    def rows(self) -> QuerySet[Any]:
        """Return all rows, before filters."""
        raise NotImplementedError

    def items(self, page: Sequence[Any]) -> Sequence[dict[str, Any]]:
        """Return the rows of a page."""
        return [self.item(row) for row in page]

    def item(self, row: Any) -> dict[str, Any]:
        """Return a row as a list shows it."""
        raise NotImplementedError

    def whole(self, row: Any) -> dict[str, Any]:
        """Return a row with all that belongs to it."""
        raise NotImplementedError

    def seen(self) -> QuerySet[Any]:
        """Return the rows on buses that the caller may see."""
        return seen.on_buses(self.rows(), verified(self.request), Scope.EVENTS_READ)

    def list(self, request: Request) -> Response:
        """Return one page of those that pass the filters."""
        window = WINDOW if self.moment else frozenset()
        check_parameters(request, PAGING | self.named | self.searched | self.filters.keys() | window)
        rows = self.seen()
        for name, how in (("since", "gte"), ("until", "lt")) if self.moment else ():
            if (at := moment_parameter(request, name)) is not None:
                rows = rows.filter(**{f"{self.moment}__{how}": at})
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
        return self.get_paginated_response(self.items(page))

    def retrieve(self, request: Request, seq: str) -> Response:
        """Return one row, found by its number."""
        row = self.seen().filter(seq=int(seq)).first() if len(seq) < 19 else None
        if row is None:
            raise Http404
        return Response(self.whole(row))


def chosen(request: Request, name: str, known: type[StrEnum]) -> str | None:
    """Return a parameter that is one of a few words, None without it; raises ValidationError."""
    text = request.query_params.get(name)
    if not text:
        return None
    if text not in set(known):
        raise ValidationError({name: f"wanted one of {', '.join(known)}, found {text!r:.40}"})
    return text


def moment_parameter(request: Request, name: str) -> datetime | None:
    """Return a parameter that is an RFC 3339 moment with a zone, None without it; raises ValidationError."""
    text = request.query_params.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
    except ValueError:
        wanted = "a moment with its zone, such as 2026-01-31T12:00:00Z"
        raise ValidationError({name: f"wanted {wanted}, found {text!r:.40}"}) from None
    return moment
