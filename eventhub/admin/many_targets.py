"""What can be done to chosen targets of the list: tested all at once, copied, exported."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from eventhub.admin.copying import Copied, Exported
from eventhub.flow.copies import duplicate_target
from eventhub.flow.testing import test_target
from eventhub.models import ApiDestination, Connection, Target
from eventhub.targets.kind import Result
from eventhub.targets.verdict import Decision

MOST_TESTED = 20  # each is a real request to a receiver
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Tested:
    """A target and what came of its test."""

    target: Target
    result: Result

    @property
    def took_it(self) -> bool:
        """Tell whether the target took the event."""
        return self.result.verdict.decision is Decision.DELIVERED

    @property
    def took_ms(self) -> float:
        """Return how long the attempt took."""
        return (self.result.ended_at - self.result.started_at) / 1000


class ManyTargets(Copied, Exported):
    """Actions for ``TargetAdmin``; each does something to those targets only that the person may change."""

    @admin.action(description="Test", permissions=["change"])
    def test(self: Any, request: HttpRequest, queryset: QuerySet[Target]) -> HttpResponse | None:
        """Make one attempt at each of the chosen targets, outside of every count, and show the answers."""
        related = "bus", "connection", "api_destination__connection"
        targets = list(self.changeable(request, queryset.select_related(*related)))
        if not 0 < len(targets) <= MOST_TESTED:
            said = f"Tested none: choose 1 to {MOST_TESTED} targets that you may change."
            self.message_user(request, said, messages.WARNING)
            return None
        context = self.admin_site.each_context(request) | {
            "title": "Test of targets",
            "opts": self.opts,
            "tested": tested(targets),
            "back": reverse("admin:eventhub_target_changelist"),
        }
        return TemplateResponse(request, "admin/eventhub/target/tested_many.html", context)

    @admin.action(description="Duplicate", permissions=["change"])
    def duplicate(self: Any, request: HttpRequest, queryset: QuerySet[Target]) -> None:
        """Make a copy of each chosen target; no rule delivers to it yet."""
        copies = self.copied(request, queryset, duplicate_target)
        if copies:
            self.message_user(
                request, f"Copied: {', '.join(copy.name for copy in copies)}.", messages.SUCCESS
            )

    def needed(self: Any, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Return what the targets name, as far as the person may see it."""
        found: list[Any] = []
        for model, column in ((Connection, "connection_id"), (ApiDestination, "api_destination_id")):
            admin_of = self.admin_site.get_model_admin(model)
            wanted = {getattr(row, column) for row in rows if isinstance(row, Target)} - {None}
            found += admin_of.get_queryset(request).filter(pk__in=wanted)
        beyond = {one.connection_id for one in found if isinstance(one, ApiDestination)}
        connections_seen = self.admin_site.get_model_admin(Connection).get_queryset(request)
        return [*found, *connections_seen.filter(pk__in=beyond)]


def tested(targets: Sequence[Target]) -> list[Tested]:
    """Test targets side by side; each is through within its own time-out."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [Tested(*one) for one in zip(targets, pool.map(_test, targets), strict=True)]


def _test(target: Target) -> Result:
    try:
        return test_target(target)
    finally:
        connections.close_all()  # this thread's own
