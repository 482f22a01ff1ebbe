"""What happened, to look through: the journal is written by its engine only."""

import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths, masked_paths_by_bus
from eventhub.admin.permitted import Permitted, caller_in
from eventhub.admin.positions import PositionList
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


class PositionedAdmin(HappenedAdmin):
    """Rows of the journal's own tables, which are never counted; each leads to its event's journey."""

    moment_column = "accepted_at"  # which tells how far a search looked
    # Of the filters, those whose rows an index gives in the order of positions, each on its own.
    indexed_filters: ClassVar[frozenset[str]] = frozenset()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the list that is read from a position on."""
        return PositionList

    def is_indexed(self, request: HttpRequest, listed: PositionList) -> bool:
        """Tell whether the rows that are asked for are found at once."""
        asked = listed.get_filters_params()
        everything = caller_in(request).may_everywhere(self.reads)
        return everything and (not asked or (len(asked) == 1 and asked.keys() <= self.indexed_filters))

    def view_on_site(self, row: Any) -> str:
        """Return the address of the event's journey."""
        return f"/events/{getattr(row, self.event_column)}"

    @admin.display(description="accepted (UTC)")
    def accepted(self, row: Any) -> str:
        """Return when the event was accepted."""
        return _utc(row.accepted_at)

    @admin.display(description="journey")
    def event_page(self, row: Any) -> SafeString:
        """Return a link to the event's page, by the end of its id: the beginning is the moment."""
        whole = str(getattr(row, self.event_column))
        return format_html('<a class="mono" href="/events/{}" title="{}">…{}</a>', whole, whole, whole[-12:])


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def standing(state: str, attempts: int) -> SafeString:
    """Return where a delivery stands in glyph, word and colour."""
    glyph, word, tone = _STANDS.get(state, ("", state, "muted"))
    if state == OutcomeState.PENDING and attempts:
        glyph, word, tone = "↻", "retrying", "warn"
    return format_html('<span data-tone="{}">{} {}</span>', tone, glyph, word)


_STANDS = {
    "pending": ("◌", "pending", "muted"),
    "delivered": ("✓", "delivered", "ok"),
    "dead": ("✕", "dead letter", "bad"),
    "rule-disabled": ("⊘", "rule disabled", "muted"),
    "too-complex": ("⊘", "too complex", "warn"),
    "no-target": ("⊘", "no target", "muted"),
    "loop": ("⊘", "loop", "warn"),
    "shadow": ("◇", "shadow", "muted"),
}


class RedrivenFilter(admin.SimpleListFilter):
    """By whether somebody has tried it again."""

    title = "redriven"
    parameter_name = "redriven"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        """Return both answers."""
        return [("no", "not yet"), ("yes", "redriven")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the letters that were, or were not."""
        value = self.value()
        return queryset.filter(redriven_at__isnull=value == "no") if value in {"no", "yes"} else queryset


@admin.register(EventRow)
class EventAdmin(PositionedAdmin):
    """Events."""

    event_column = "id"
    search_fields = ["id"]
    list_display = ["accepted", "bus", "source", "detail_type", "event_page"]
    list_filter = [BusFilter]
    indexed_filters = frozenset({"bus"})

    def mask(self, row: EventRow, paths: tuple[str, ...]) -> None:
        """Mask the fields."""
        row.detail = mask(row.detail.encode(), paths).decode()


@admin.register(OutcomeRow)
class DeliveryAdmin(PositionedAdmin):
    """Deliveries."""

    list_display = ["accepted", "bus", "rule", "target", "stands", "attempts", "event_page"]
    list_filter = [by_enum("state", OutcomeState, "state"), BusFilter]

    def mask(self, row: OutcomeRow, paths: tuple[str, ...]) -> None:
        """Mask what a receiver said."""
        row.reason = mask_reason(row.reason)

    @admin.display(description="state")
    def stands(self, outcome: OutcomeRow) -> SafeString:
        """Return where the delivery stands."""
        return standing(outcome.state, outcome.attempts)


@admin.register(AttemptRow)
class AttemptAdmin(PositionedAdmin):
    """Attempts."""

    list_display = ["ended", "delivery_id", "number", "stands", "status", "error", "event_page"]
    moment_column = "ended_at"
    list_filter = [by_enum("reason_class", ReasonClass, "whose fault"), BusFilter]

    def mask(self, row: AttemptRow, paths: tuple[str, ...]) -> None:
        """Mask what was made of the detail, and what a receiver said."""
        row.error = mask_reason(row.error)
        row.request, row.response = (
            json.dumps(mask_message(json.loads(text)), ensure_ascii=False)
            for text in (row.request, row.response)
        )

    @admin.display(description="state")
    def stands(self, attempt: AttemptRow) -> SafeString:
        """Return what became of the delivery by this attempt."""
        return standing(attempt.state, attempt.number)

    @admin.display(description="ended (UTC)")
    def ended(self, attempt: AttemptRow) -> str:
        """Return when the attempt ended."""
        return _utc(attempt.ended_at)


@admin.register(DeadLetterRow)
class DeadLetterAdmin(PositionedAdmin):
    """Dead letters."""

    list_display = ["dead", "bus", "rule", "target", "reason", "redriven", "event_page"]
    moment_column = "dead_at"
    list_filter = [RedrivenFilter, by_enum("reason_class", ReasonClass, "whose fault"), BusFilter]
    actions = ["redrive"]

    def has_redrive_permission(self, request: HttpRequest) -> bool:
        """Let editors redrive."""
        return caller_in(request).may(Scope.RULES_WRITE)

    @admin.action(description="Redrive…", permissions=["redrive"])
    def redrive(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Lead to the page that counts the chosen letters and brings them back."""
        rows = seen.on_buses(queryset, caller_in(request), Scope.RULES_WRITE).filter(redriven_at=None)
        chosen = list(rows.values_list("seq", flat=True))
        if not chosen:
            self.message_user(
                request, "None of these can be redriven by you, or all were already.", messages.WARNING
            )
            return None
        return HttpResponseRedirect(f"{reverse('redrive')}?{urlencode({'id': chosen}, doseq=True)}")

    @admin.display(description="redriven (UTC)")
    def redriven(self, letter: DeadLetterRow) -> str:
        """Return when it was tried again, if it was."""
        return _utc(letter.redriven_at) if letter.redriven_at else "–"

    def mask(self, row: DeadLetterRow, paths: tuple[str, ...]) -> None:
        """Mask the FIFO key, a value of the event, and what a receiver said."""
        row.reason = mask_reason(row.reason)
        row.fifo_key = row.fifo_key and MARK

    @admin.display(description="dead since (UTC)")
    def dead(self, letter: DeadLetterRow) -> str:
        """Return when the delivery was given up."""
        return _utc(letter.dead_at)
