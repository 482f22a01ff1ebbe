"""What happened, to look through: the journal is written by its engine only."""

import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths, masked_paths_by_bus
from eventhub.admin.permitted import Permitted, caller_in
from eventhub.domain.mask import MARK, mask, mask_message, mask_reason
from eventhub.journal.port import OutcomeState, ReasonClass
from eventhub.journal.rows import AttemptRow, DeadLetterRow, EventRow, OutcomeRow

COUNTED_TO = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # not subscriptable at run time
    """Counts to ten thousand and no further: nobody turns so many pages, and the journal holds millions."""

    @cached_property
    def count(self) -> int:
        """Return how many rows there are, at most ``COUNTED_TO``."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # the admin pages query sets only
        return rows.order_by()[:COUNTED_TO].count()


class BusFilter(admin.SimpleListFilter):
    """By bus, from the configuration: to ask the journal which buses it knows would read all of it."""

    title = "bus"
    parameter_name = "bus"

    def lookups(self, request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return the buses that the person may see."""
        buses = seen.buses(caller_in(request), Scope.RULES_READ)
        return [(str(pk), name) for pk, name in buses.values_list("pk", "name")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen bus."""
        value = self.value()
        return queryset.filter(bus_id=int(value)) if value and value.isdigit() else queryset


def by_enum(column: str, values: Iterable[StrEnum], label: str) -> type[admin.SimpleListFilter]:
    """Return a filter on a column whose values are known."""
    choices = [(value.value, value.value) for value in values]

    class ByValue(admin.SimpleListFilter):
        title = label
        parameter_name = column

        def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
            return choices

        def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{column: self.value()}) if self.value() else queryset

    return ByValue


class HappenedAdmin(Permitted):
    """Rows to read, newest first, on buses that the person sees; masked as on the pages."""

    reads = Scope.EVENTS_READ

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count, too
    list_per_page = 50
    search_fields = ["event_id"]  # shows the box; see get_search_results
    search_help_text = "The id of an event."
    event_column = "event_id"
    # An order by what is masked would tell of it, and sort millions.
    sortable_by: ClassVar[tuple[str, ...] | None] = ()

    def lookup_allowed(self, lookup: str, _value: str, request: HttpRequest | None = None) -> bool:
        """Allow the filters that are shown: any other look-up would tell of what is masked, and scan."""
        assert request is not None  # of a page
        shown = self.get_list_filter(request)
        of_columns = lookup.partition("__")[0] in {one for one in shown if isinstance(one, str)}
        return of_columns or lookup in {getattr(one, "parameter_name", None) for one in shown}

    def get_ordering(self, _request: HttpRequest) -> Any:
        """Return the order of positions, newest first; on SQLite ``xid`` is 0 and ``seq`` alone gives it."""
        return ["-seq"] if settings.EMBEDDED else ["-xid", "-seq"]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a row as the person may see it."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and (paths := masked_paths(caller_in(request), row.bus_id)):
            self.mask(row, paths)
        return row

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return a list whose rows are as the person may see them."""
        listed = super().get_changelist_instance(request)
        if masked := masked_paths_by_bus(caller_in(request)):
            listed.result_list = list(listed.result_list)
            for row in listed.result_list:
                if row.bus_id in masked:
                    self.mask(row, masked[row.bus_id])
        return listed

    def mask(self, row: Any, paths: tuple[str, ...]) -> None:
        """Mask what a row has of its event, which is not saved."""

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find the rows of one event, by the index on its id; nothing for a text that is no id."""
        if not search_term:
            return queryset, False
        try:
            return queryset.filter(**{self.event_column: UUID(search_term.strip())}), False
        except ValueError:
            return queryset.none(), False

    @admin.display(description="accepted")
    def accepted(self, row: Any) -> str:
        """Return when the event was accepted."""
        return _utc(row.accepted_at)

    @admin.display(description="event")
    def event_page(self, row: Any) -> SafeString:
        """Return a link to the event's page."""
        identifier = getattr(row, self.event_column)
        return format_html('<a href="/events/{}">{}</a>', identifier, identifier)


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03} UTC"


@admin.register(EventRow)
class EventAdmin(HappenedAdmin):
    """Events."""

    event_column = "id"
    search_fields = ["id"]
    list_display = ["seq", "event_page", "bus", "source", "detail_type", "accepted"]
    list_filter = [BusFilter]

    def mask(self, row: EventRow, paths: tuple[str, ...]) -> None:
        """Mask the fields."""
        row.detail = mask(row.detail.encode(), paths).decode()


@admin.register(OutcomeRow)
class DeliveryAdmin(HappenedAdmin):
    """Deliveries."""

    list_display = ["seq", "event_page", "bus", "rule", "target", "state", "attempts", "accepted"]
    list_filter = [by_enum("state", OutcomeState, "state"), BusFilter]

    def mask(self, row: OutcomeRow, paths: tuple[str, ...]) -> None:
        """Mask what a receiver said."""
        row.reason = mask_reason(row.reason)


@admin.register(AttemptRow)
class AttemptAdmin(HappenedAdmin):
    """Attempts."""

    list_display = ["seq", "event_page", "delivery_id", "number", "state", "status", "error", "ended"]
    list_filter = [by_enum("reason_class", ReasonClass, "whose fault"), BusFilter]

    def mask(self, row: AttemptRow, paths: tuple[str, ...]) -> None:
        """Mask what was made of the detail, and what a receiver said."""
        row.error = mask_reason(row.error)
        row.request, row.response = (
            json.dumps(mask_message(json.loads(text)), ensure_ascii=False)
            for text in (row.request, row.response)
        )

    @admin.display(description="ended")
    def ended(self, attempt: AttemptRow) -> str:
        """Return when the attempt ended."""
        return _utc(attempt.ended_at)


@admin.register(DeadLetterRow)
class DeadLetterAdmin(HappenedAdmin):
    """Dead letters."""

    list_display = ["seq", "event_page", "bus", "rule", "target", "reason_class", "reason", "dead"]
    list_filter = [by_enum("reason_class", ReasonClass, "whose fault"), BusFilter]

    def mask(self, row: DeadLetterRow, paths: tuple[str, ...]) -> None:
        """Mask the FIFO key, a value of the event, and what a receiver said."""
        row.reason = mask_reason(row.reason)
        row.fifo_key = row.fifo_key and MARK

    @admin.display(description="dead since")
    def dead(self, letter: DeadLetterRow) -> str:
        """Return when the delivery was given up."""
        return _utc(letter.dead_at)
