"""Targets in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from eventhub.admin.configured import ConfiguredAdmin
from eventhub.models import Target


@admin.register(Target)
class TargetAdmin(ConfiguredAdmin):
    """Receivers of what rules match."""

    list_display = ["name", "kind", "address", "enabled", "rule_count"]
    list_filter = ["kind", "enabled"]
    list_select_related = ["bus"]
    search_fields = ["name", "url", "note"]
    actions = ["enable", "disable"]
    fieldsets = [
        (
            None,
            {
                "fields": ["name", "kind", "url", "bus", "enabled", "note"],
                "description": "A webhook is an HTTP POST of the whole event to its URL; any 2xx answer "
                "means that it was delivered. A bus target puts the event on another bus here.",
            },
        ),
        (
            "How hard to try",
            {
                "classes": ["collapse"],
                "fields": ["max_attempts", "max_age_seconds", "timeout_seconds"],
                "description": "Failed attempts are repeated with growing waits, until one of these limits; "
                "then the delivery is put among the dead letters.",
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        """Count the rules beside."""
        targets: QuerySet[Target] = super().get_queryset(request)
        return targets.annotate(rule_count=Count("links"))

    @admin.display(description="rules", ordering="rule_count")
    def rule_count(self, target: Any) -> int:
        """Return how many rules deliver to the target."""
        return int(target.rule_count)
