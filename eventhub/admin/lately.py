"""What the rows of a list did in the last hour: a count, and a bar for each minute."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from eventhub.access.scopes import Scope
from eventhub.admin.permitted import caller_in
from eventhub.flow.last_hour import Did, Hour, last_hour


class Lately:
    """An admin whose list has a column ``lately``; ``did`` says what is counted there.

    The rollups are asked once for all rows of the page, and only of buses whose events the person sees.
    """

    did: Did
    counted = ""  # what is counted, in the plural

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Bring the hours of the page's rows."""
        listed: Any = super().get_changelist_instance(request)  # type: ignore[misc]  # the admin's
        listed.result_list = list(listed.result_list)
        for row, hour in self._hours(request, listed.result_list):
            row.hour = hour
        return listed

    def _hours(self, request: HttpRequest, rows: Collection[Any]) -> list[tuple[Any, Hour]]:
        bus_ids = caller_in(request).buses(Scope.EVENTS_READ)
        found = last_hour(self.did, [row.pk for row in rows], bus_ids=bus_ids)
        return [(row, found.get(row.pk, Hour())) for row in rows]

    @admin.display(description="last hour")
    def lately(self, row: Any) -> SafeString:
        """Return the bars and the count."""
        return render_to_string("admin/_lately.html", {"hour": row.hour, "counted": self.counted})
