"""One event's journey, read from the journal's rows: what happened, when, and why."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings

from eventhub.dashboard import words
from eventhub.dashboard.waterfall import Axis, Bar, Mark, Span, phases_of
from eventhub.domain.envelope import Envelope
from eventhub.domain.pattern import PatternError, near_misses, parse
from eventhub.journal.rows import AttemptRow, EventRow, OutcomeRow, RoutingRow, RulesetRow, microseconds
from eventhub.models import Rule, RuleVersion

_EXPLAINED = 10  # nearest misses
_MOST_RULES = 500  # of a ruleset that are looked at for near misses
_MOST_CHILDREN = 20


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """One try, with its request and response as they were kept."""

    row: AttemptRow
    took_ms: float
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    request_headers: list[tuple[str, str]]
    response_headers: list[tuple[str, str]]
    response_body: str
    retried_after_ms: float | None  # the backoff that followed


@dataclass(frozen=True, slots=True)
class DeliveryShown:
    """One match for one target: where it stands, its attempts, and its lane of the waterfall."""

    row: OutcomeRow
    said: words.Said
    attempts: list[AttemptShown]
    lane: list[Bar]


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule that was in force when the event was routed."""

    id: int
    name: str
    version: int
    enabled: bool
    why_not: str = ""


@dataclass(slots=True)
class Journey:
    """Everything that the page of one event shows."""

    event: EventRow
    routing: RoutingRow | None
    envelope: str
    deliveries: list[DeliveryShown] = field(default_factory=list)
    steps: list[tuple[str, str, list[Bar]]] = field(default_factory=list)  # name, note, lane
    marks: list[Mark] = field(default_factory=list)
    folds: list[Bar] = field(default_factory=list)
    matched: list[RuleShown] = field(default_factory=list)
    missed: list[RuleShown] = field(default_factory=list)  # nearest first, with the reason
    others: list[RuleShown] = field(default_factory=list)
    parent: EventRow | None = None
    children: list[EventRow] = field(default_factory=list)

    @property
    def rules_in_force(self) -> int:
        """Return how many rules the event was matched against."""
        return len(self.matched) + len(self.missed) + len(self.others)

    @property
    def in_flight(self) -> bool:
        """Tell whether something is left to happen."""
        return self.routing is None or any(one.row.state == "pending" for one in self.deliveries)

    @property
    def took_ms(self) -> float | None:
        """Return the ms from acceptance until nothing was left to do; None before."""
        if self.routing is None or self.in_flight:
            return None
        ends = [microseconds(self.routing.routed_at)]
        accepted = microseconds(self.event.accepted_at)
        ends += [accepted + one.row.latency_us for one in self.deliveries if one.row.latency_us is not None]
        return (max(ends) - accepted) / 1000


def journey_of(event: EventRow) -> Journey:
    """Read an event's journey."""
    routing = RoutingRow.objects.filter(event_id=event.id).first()
    journey = Journey(event=event, routing=routing, envelope=_envelope(event).as_bytes().decode())
    outcomes = list(OutcomeRow.objects.filter(event_id=event.id).order_by("seq"))
    attempts: dict[int, list[AttemptRow]] = {}
    for attempt in AttemptRow.objects.filter(event_id=event.id).order_by("delivery_id", "number"):
        attempts.setdefault(attempt.delivery_id, []).append(attempt)
    _lay_out(journey, outcomes, attempts)
    if routing is not None:
        _read_rules(journey, routing, outcomes)
    if event.cause_id is not None:
        journey.parent = EventRow.objects.filter(id=event.cause_id).first()
    journey.children = list(EventRow.objects.filter(cause_id=event.id).order_by("seq")[:_MOST_CHILDREN])
    return journey


def _envelope(event: EventRow) -> Envelope:
    return Envelope(
        id=event.id,
        source=event.source,
        detail_type=event.detail_type,
        time=microseconds(event.time),
        resources=event.resources.encode(),
        detail=event.detail.encode(),
        account=settings.ACCOUNT_ID,
        region=settings.REGION,
    )


def _lay_out(journey: Journey, outcomes: list[OutcomeRow], attempts: dict[int, list[AttemptRow]]) -> None:
    zero = microseconds(journey.event.accepted_at)

    def since(moment: datetime) -> int:
        return max(0, microseconds(moment) - zero)

    spans: list[Span] = []
    match: list[Span] = []
    if journey.routing is not None:
        match = [Span("match", 0, since(journey.routing.routed_at), "accepted, stored, matched")]
        spans += match
    lanes = [_lane(outcome, attempts.get(outcome.seq, []), since) for outcome in outcomes]
    for lane in lanes:
        spans += lane
    axis = Axis(spans)
    for outcome, lane in zip(outcomes, lanes, strict=True):
        tries = attempts.get(outcome.seq, [])
        journey.deliveries.append(
            DeliveryShown(
                row=outcome,
                said=words.outcome(outcome.state, outcome.attempts),
                attempts=[
                    _attempt(one, tries[number + 1] if number + 1 < len(tries) else None)
                    for number, one in enumerate(tries)
                ],
                lane=[axis.bar(span) for span in lane],
            )
        )
    if journey.routing is not None:
        took = since(journey.routing.routed_at) / 1000
        journey.steps.append(("accept → match", f"{took:.1f} ms", [axis.bar(span) for span in match]))
    journey.marks, journey.folds = (axis.marks(), axis.folds()) if spans else ([], [])


def _lane(outcome: OutcomeRow, attempts: list[AttemptRow], since: Any) -> list[Span]:
    spans: list[Span] = []
    waits_from = since(outcome.routed_at)
    for attempt in attempts:
        start, end = since(attempt.started_at), since(attempt.ended_at)
        if start > waits_from:
            kind = "queue" if attempt.number == 1 else "backoff"
            spans.append(Span(kind, waits_from, start, f"{kind} {(start - waits_from) / 1000:.1f} ms"))
        spans += phases_of(start, end, json.loads(attempt.phases))
        if attempt.error:
            spans.append(Span("failed", end, end, f"#{attempt.number} failed: {attempt.error}"))
        waits_from = end
    return spans


def _attempt(row: AttemptRow, following: AttemptRow | None) -> AttemptShown:
    request, response = json.loads(row.request), json.loads(row.response)
    body = response.get("body", "")
    if not body and response.get("body_base64"):
        raw = base64.b64decode(response["body_base64"])
        body = f"{len(raw)} bytes that are not text, beginning {raw[:32].hex(' ')}"
    waited = (following.started_at - row.ended_at).total_seconds() * 1000 if following is not None else None
    return AttemptShown(
        row=row,
        took_ms=(row.ended_at - row.started_at).total_seconds() * 1000,
        request=request,
        response=response,
        request_headers=_headers(request),
        response_headers=_headers(response),
        response_body=body,
        retried_after_ms=waited,
    )


def _headers(message: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in dict(message.get("headers") or {}).items()]


def _read_rules(journey: Journey, routing: RoutingRow, outcomes: list[OutcomeRow]) -> None:
    ruleset = RulesetRow.objects.filter(pk=routing.ruleset_id).first()
    rules = [
        RuleShown(id=one["rule_id"], name=one["rule"], version=one["version"], enabled=one["enabled"])
        for one in json.loads(ruleset.rules if ruleset else "[]")
    ]
    matched = {outcome.rule_id for outcome in outcomes}
    journey.matched = [rule for rule in rules if rule.id in matched]
    unmatched = {rule.id: rule for rule in rules if rule.id not in matched}
    reasons = _why_not(journey, list(unmatched.values())[:_MOST_RULES])
    journey.missed = [
        RuleShown(rule.id, rule.name, rule.version, rule.enabled, why)
        for rule_id, why in reasons.items()
        if (rule := unmatched.get(rule_id))
    ]
    journey.others = [rule for rule in unmatched.values() if rule.id not in reasons]


def _why_not(journey: Journey, rules: list[RuleShown]) -> dict[int, str]:
    """Return, nearest first, why rules did not match, by the versions that were in force."""
    wanted = {(rule.id, rule.version) for rule in rules}
    versions = RuleVersion.objects.filter(
        rule_id__in=[rule.id for rule in rules], number__in={rule.version for rule in rules}
    )
    patterns = []
    for version in versions:
        if (version.rule_id, version.number) in wanted:
            try:
                patterns.append((version.rule_id, parse(version.pattern)))
            except PatternError:
                continue  # written by a hand in the database: routing left it out too
    event = _envelope(journey.event).decoded()
    return {miss.rule_id: miss.explanation.words for miss in near_misses(patterns, event, limit=_EXPLAINED)}


def existing_rules(journey: Journey) -> set[int]:
    """Return the ids of rules that still exist, to link them."""
    shown = [rule.id for rule in (*journey.matched, *journey.missed, *journey.others)]
    return set(Rule.objects.filter(pk__in=shown).values_list("pk", flat=True))
