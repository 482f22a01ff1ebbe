"""The page of dead letters: filtered, grouped by what they have in common, and on their way back."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths_by_bus
from eventhub.dashboard import letter_filter, paging
from eventhub.dashboard.letter_filter import LetterFilter
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.redriving import current_redrives
from eventhub.dashboard.target_facts import TargetFacts, facts_by_name
from eventhub.domain.mask import mask_reason
from eventhub.flow.letters import GROUPINGS, LetterGroup, grouped, selected
from eventhub.journal.port import ReasonClass
from eventhub.journal.rows import EventRow

GROUPS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class GroupShown:
    """A group, the query that picks it within the filter, and how its target fares."""

    group: LetterGroup
    query: str
    facts: TargetFacts | None


@require_safe
@login_required
def dead_letters(request: HttpRequest) -> HttpResponse:
    """Show redrives, groups, and the letters one by one, the newest first."""
    caller = reader(request)
    asked = letter_filter.read(request.GET, caller, Scope.EVENTS_READ)
    page = paging.page_of(request, selected(asked.selection, redriven=asked.redriven), asked.view)
    masked = masked_paths_by_bus(caller)
    for row in page.rows:
        row.reason = mask_reason(row.reason) if row.bus_id in masked else row.reason  # shown, not saved
    events = EventRow.objects.filter(id__in={row.event_id for row in page.rows})
    types = dict(events.values_list("id", "detail_type"))
    groups, more_groups = _groups(asked, caller)
    context = {
        "page": "dead-letters",
        "asked": asked,
        "rows": [(row, types.get(row.event_id, "")) for row in page.rows],
        "paging": page,
        "groups": groups,
        "more_groups": more_groups,
        "groupings": _groupings(asked),
        "redrives": current_redrives(caller),
        "may_redrive": caller.may(Scope.RULES_WRITE),
        "buses": seen.buses(caller, Scope.EVENTS_READ),
        "classes": list(ReasonClass),
        "shown": letter_filter.SHOWN,
    }
    return render(request, "dead_letters.html", context, status=400 if asked.wrong else 200)


def _groups(asked: LetterFilter, caller: Caller) -> tuple[list[GroupShown], bool]:
    """Return the largest groups of what waits; none where only redriven letters are asked for."""
    if asked.redriven:
        return [], False
    groups, more = grouped(asked.selection, asked.by, most=GROUPS_SHOWN, masked=masked_paths_by_bus(caller))
    facts = facts_by_name({group.target for group in groups if group.target}, caller)
    shown = [
        GroupShown(
            group,
            urlencode({**asked.texts, **group.filter()}),
            facts.get(group.target or ""),
        )
        for group in groups
    ]
    return shown, more


def _groupings(asked: LetterFilter) -> list[dict[str, Any]]:
    """Return the choices of grouping, with where each leads and whether it is the present one."""
    choices = [tuple(GROUPINGS), *((name,) for name in GROUPINGS)]
    return [
        {"label": ", ".join(by), "query": asked.grouped_by(by), "chosen": by == asked.by} for by in choices
    ]
