"""Copying chosen rows of a list: beside themselves, or out as YAML, which the import reads."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from eventhub.flow import as_yaml
from eventhub.flow.as_values import document_of
from eventhub.flow.copies import CopyRefusedError


class Copied:
    """An admin whose rows can be made again by whoever may change them."""

    def copied(
        self: Any, request: HttpRequest, queryset: QuerySet[Any], make: Callable[[Any], Any]
    ) -> list[Any]:
        """Return the copies that ``make`` makes of the chosen rows; say which could not be made, and why."""
        rows, copies = list(self.changeable(request, queryset)), []
        for row in rows:
            try:
                copies.append(make(row))
            except CopyRefusedError as error:
                self.message_user(request, f"{row} was not copied: {error}.", messages.ERROR)
        if not rows:
            self.message_user(request, "Copied nothing: you may not change these.", messages.WARNING)
        return copies


class Exported:
    """An admin whose rows whoever sees them can export; secrets are not told, only which there are."""

    @admin.action(description="Export as YAML", permissions=["view"])
    def export(self: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Send the chosen rows as a file, with what they need here and the person may see."""
        rows = list(queryset)
        for row in self.needed(request, rows):
            if row not in rows:
                rows.append(row)
        name = self.opts.verbose_name_plural.lower().replace(" ", "-")
        return HttpResponse(
            as_yaml.write(document_of(rows)),
            content_type="application/yaml; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="eventhub-{name}.yaml"'},
        )

    def needed(self, request: HttpRequest, rows: list[Any]) -> list[Any]:
        """Return what has to be there where the rows are imported."""
        return []
