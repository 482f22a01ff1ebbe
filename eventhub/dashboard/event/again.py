"""``/events/{id}/replay``: putting an event on its bus again; first shown is what that would do."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.dashboard import words
from eventhub.dashboard.event.ruling import RuleShown, Ruling, ruling_now
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.target_facts import TargetFacts, facts_by_id
from eventhub.flow.again import MOST_LINKS, NotReplayableError, put_again, why_not_again
from eventhub.flow.process import parts
from eventhub.flow.replayed import Link
from eventhub.flow.stored import event_of
from eventhub.journal.port import JournalUnavailable
from eventhub.journal.rows import EventRow, OutcomeRow
from eventhub.models import Bus, RuleTarget


@dataclass(frozen=True, slots=True)
class Choice:
    """One delivery that the event would make today: of a rule that matches it, to a target of the rule."""

    rule: RuleShown
    target_id: int
    target: str
    facts: TargetFacts | None
    before: words.Said | None  # how the delivery of this event to it stands, if it was made
    chosen: bool

    @property
    def value(self) -> str:
        """Return how the form names it."""
        return f"{self.rule.id}:{self.target_id}"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def again(request: HttpRequest, event_id: UUID) -> HttpResponse:
    """Show what would be delivered, with ``?delivery=`` that one alone chosen; POST puts the event again."""
    caller = reader(request)
    row = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ).first()
    if row is None:
        raise Http404(f"there is no event {event_id}")
    if not caller.may(Scope.RULES_WRITE, row.bus_id):
        raise PermissionDenied("an editor of the bus replays its events")
    event = event_of(row)
    if request.method == "POST":
        try:
            made = put_again(parts().journal, event, _links(request.POST.getlist("to")), who=caller.who)
        except (NotReplayableError, JournalUnavailable) as error:
            messages.error(request, f"Not done: {error}.")
            return HttpResponseRedirect(reverse("replay-event", args=[event_id]))
        messages.success(request, "Put on its bus again, as this event.")
        return HttpResponseRedirect(reverse("event", args=[made]))
    masked = masked_paths(caller, row.bus_id)
    ruling = ruling_now(row, masked)
    refusal = why_not_again(event)
    context = {
        "page": "events",
        "event": row,
        "choices": [] if refusal else _choices(request, row, ruling),
        "ruling": ruling,
        "refusal": refusal,
        "without_target": _without_target(ruling),
        "is_paused": Bus.objects.filter(pk=row.bus_id, paused=True).exists(),
    }
    return render(request, "replay_event.html", context)


def _choices(request: HttpRequest, event: EventRow, ruling: Ruling) -> list[Choice]:
    matched = _delivering(ruling)
    links = list(
        RuleTarget.objects.filter(rule_id__in=matched)
        .order_by("rule__name", "target__name")
        .values_list("rule_id", "target_id", "target__name")[:MOST_LINKS]
    )
    made = {
        (one.rule_id, one.target_id): one
        for one in OutcomeRow.objects.filter(event_id=event.id).order_by("seq")[:MOST_LINKS]
        if not one.attributes
    }
    asked = request.GET.get("delivery", "")
    only = {link for link, one in made.items() if str(one.seq) == asked}
    facts = facts_by_id({target_id for _rule, target_id, _name in links}, reader(request))
    return [
        Choice(
            rule=matched[rule_id],
            target_id=target_id,
            target=name,
            facts=facts.get(target_id),
            before=words.outcome(one.state, one.attempts)
            if (one := made.get((rule_id, target_id)))
            else None,
            chosen=(rule_id, target_id) in only if only else True,
        )
        for rule_id, target_id, name in links
    ]


def _delivering(ruling: Ruling) -> dict[int, RuleShown]:
    """Return the rules that match and would deliver, by their ids."""
    return {rule.id: rule for rule in ruling.matched if rule.enabled and not rule.shadow}


def _without_target(ruling: Ruling) -> list[RuleShown]:
    enabled = _delivering(ruling)
    linked = set(RuleTarget.objects.filter(rule_id__in=enabled).values_list("rule_id", flat=True))
    return [rule for rule in enabled.values() if rule.id not in linked]


def _links(given: list[str]) -> set[Link]:
    """Return the chosen links; raises NotReplayableError."""
    links = set()
    for text in given:
        rule_id, colon, target_id = text.partition(":")
        if not (
            colon and all(one.isascii() and one.isdigit() and len(one) < 19 for one in (rule_id, target_id))
        ):
            raise NotReplayableError("wanted numbers of a rule and a target")
        links.add((int(rule_id), int(target_id)))
    if not links:
        raise NotReplayableError("no delivery is chosen")
    return links
