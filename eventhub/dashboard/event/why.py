"""``/events/{id}/why/{rule}``: why a rule matched an event or did not, clause by clause."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.dashboard.event.marking import fields_of, marker_of
from eventhub.dashboard.event.ruling import HIDDEN, When, decoded_event, latest_versions, parsed, reads_masked
from eventhub.dashboard.jsonview import COLOURED_BYTES, laid_out
from eventhub.dashboard.permitted import reader
from eventhub.domain.pattern import Explanation, Pattern, Verdict, explain
from eventhub.flow.payload import envelope_of
from eventhub.flow.replayed import rules_of
from eventhub.flow.stored import event_of
from eventhub.journal.rows import EventRow, OutcomeRow, RoutingRow, RulesetRow
from eventhub.models import Rule, RuleVersion


@dataclass(frozen=True, slots=True)
class Sides:
    """A rule as it was when the event was routed, and as it is; either may be nothing."""

    id: int
    name: str
    then: int | None  # the version in force then; None: it was not
    now: int | None  # the latest version; None: the rule is deleted
    routed: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page says: the verdict with its tree, or why there is none."""

    when: When
    version: int
    pattern: str = ""
    enabled: bool = True
    explanation: Explanation | None = None
    silent: str = ""  # why there is no explanation

    @property
    def tone(self) -> str:
        """Return the verdict's tone."""
        if self.explanation is None:
            return "muted"
        return {Verdict.MATCH: "ok", Verdict.NO_MATCH: "bad", Verdict.TOO_COMPLEX: "warn"}[
            self.explanation.verdict
        ]


@require_safe
@login_required
def why(request: HttpRequest, event_id: UUID, rule_id: int) -> HttpResponse:
    """Show it, by the version that was in force or with ``?rules=now`` by the rule of today."""
    caller = reader(request)
    event = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ).first()
    if event is None:
        raise Http404(f"there is no event {event_id}")
    sides = _sides(event, rule_id)
    masked = masked_paths(caller, event.bus_id)
    wants_now = request.GET.get("rules") == When.NOW or sides.then is None
    answer = _answer(event, sides, When.NOW if wants_now else When.THEN, masked)
    fields = fields_of(answer.explanation.tree) if answer.explanation else []
    context = {
        "page": "events",
        "event": event,
        "sides": sides,
        "answer": answer,
        "envelope": _envelope(event, masked, fields),
        "too_long": len(event.detail) > COLOURED_BYTES,
        "masked": masked,
        "missing": [field for field in fields if not field.found_in_all],
        "outcome": _outcome(event, sides),
        "unasked": _is_unasked(event, rule_id),
        "may_write": _may_write(caller, event),
    }
    return render(request, "why.html", context)


def _sides(event: EventRow, rule_id: int) -> Sides:
    """Return the rule then and now; raises Http404 for one that the event's bus never had with it."""
    routing = RoutingRow.objects.filter(event_id=event.id).first()
    then, name = None, ""
    if routing is not None:
        ruleset = RulesetRow.objects.filter(pk=routing.ruleset_id).first()
        for one in json.loads(ruleset.rules if ruleset else "[]"):
            if one["rule_id"] == rule_id:
                then, name = one["version"], one["rule"]
    current = next(iter(latest_versions(Rule.objects.filter(pk=rule_id, bus_id=event.bus_id))), None)
    if current is None and then is None:
        raise Http404(f"there is no rule {rule_id} on the bus of event {event.id}")
    return Sides(
        rule_id,
        name if current is None else current[0].name,
        then,
        None if current is None else current[1],
        routed=routing is not None,
    )


def _answer(event: EventRow, sides: Sides, when: When, masked: tuple[str, ...]) -> Answer:
    if when is When.NOW:
        rule = Rule.objects.filter(pk=sides.id).first()
        if rule is None:
            return Answer(when, 0, silent="The rule was deleted: there is none of today.")
        return _explained(
            event, Answer(when, sides.now or 0, rule.routed_pattern, enabled=rule.enabled), masked
        )
    version = RuleVersion.objects.filter(rule_id=sides.id, number=sides.then or 0).first()
    if version is None:
        silent = "The rule was deleted since, and its versions with it: what it asked for is not kept."
        return Answer(when, sides.then or 0, silent=silent)
    return _explained(event, Answer(when, version.number, version.pattern, enabled=version.enabled), masked)


def _explained(event: EventRow, answer: Answer, masked: tuple[str, ...]) -> Answer:
    pattern: Pattern | None = parsed(answer.pattern)
    if pattern is None:
        silent = "Its pattern cannot be read, so it matches nothing."
        return Answer(answer.when, answer.version, answer.pattern, enabled=answer.enabled, silent=silent)
    if reads_masked(pattern, masked):
        silent = f"No explanation: {HIDDEN}, and a verdict would tell what is in them."
        return Answer(answer.when, answer.version, "", enabled=answer.enabled, silent=silent)
    found = explain(pattern, decoded_event(event))
    return Answer(answer.when, answer.version, answer.pattern, enabled=answer.enabled, explanation=found)


def _envelope(event: EventRow, masked: tuple[str, ...], fields: list) -> SafeString:  # type: ignore[type-arg]
    text = envelope_of(event_of(event, masked)).as_bytes().decode()
    return laid_out(text, marker_of(fields))


def _outcome(event: EventRow, sides: Sides) -> list[OutcomeRow]:
    return list(OutcomeRow.objects.filter(event_id=event.id, rule_id=sides.id).order_by("seq")[:20])


def _is_unasked(event: EventRow, rule_id: int) -> bool:
    chosen = rules_of(event_of(event))
    return chosen is not None and rule_id not in chosen


def _may_write(caller: Caller, event: EventRow) -> bool:
    return caller.may(Scope.RULES_WRITE, event.bus_id)
