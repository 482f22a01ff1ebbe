"""What a bus's rules made of an event: those that were in force then, or those of today."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from eventhub.domain.mask import is_masked
from eventhub.domain.pattern import Pattern, PatternError, Verdict, match, near_misses, parse
from eventhub.flow.payload import envelope_of
from eventhub.flow.replayed import rules_of
from eventhub.flow.stored import event_of
from eventhub.journal.port import OutcomeState
from eventhub.journal.rows import EventRow, OutcomeRow, RoutingRow, RulesetRow
from eventhub.models import Rule, RuleVersion

EXPLAINED = 5  # nearest misses
MOST_RULES = 500  # that are looked at for near misses; more are listed by name
HIDDEN = "its pattern reads fields that are masked for you"
_BROKEN = "its pattern cannot be read"


class When(StrEnum):
    """Which rules the event is held against."""

    THEN = "then"  # the versions in force when it was routed
    NOW = "now"


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule, in the version that the event was held against."""

    id: int
    name: str
    version: int
    enabled: bool
    why_not: str = ""  # of one that did not match, or whose matching was given up
    exists: bool = True
    shadow: bool = False  # today's alone: whether it was then, its outcome says


@dataclass(frozen=True, slots=True)
class Ruling:
    """Every rule of the bus, by what it made of the event."""

    when: When
    matched: list[RuleShown] = field(default_factory=list)
    too_complex: list[RuleShown] = field(default_factory=list)  # neither matched nor missed, with the reason
    missed: list[RuleShown] = field(default_factory=list)  # nearest first, with the reason
    others: list[RuleShown] = field(default_factory=list)  # did not match either
    unasked: list[RuleShown] = field(default_factory=list)  # a replay was for other rules alone
    known: bool = True  # False: what was in force is not recorded

    @property
    def in_force(self) -> int:
        """Return how many rules the event was held against."""
        return sum(map(len, (self.matched, self.too_complex, self.missed, self.others)))


def ruling_then(
    event: EventRow, routing: RoutingRow, outcomes: Sequence[OutcomeRow], masked: Collection[str]
) -> Ruling:
    """Return what routing made of the event, by the rule versions that it recorded."""
    ruleset = RulesetRow.objects.filter(pk=routing.ruleset_id).first()
    rules = [
        RuleShown(id=one["rule_id"], name=one["rule"], version=one["version"], enabled=one["enabled"])
        for one in json.loads(ruleset.rules if ruleset else "[]")
    ]
    existing = set(Rule.objects.filter(bus_id=event.bus_id).values_list("pk", flat=True)) if rules else set()
    rules = [replace(rule, exists=rule.id in existing) for rule in rules]
    chosen = rules_of(event_of(event))
    unasked = [rule for rule in rules if chosen is not None and rule.id not in chosen]
    rules = [rule for rule in rules if chosen is None or rule.id in chosen]
    given_up = {
        outcome.rule_id: outcome.reason for outcome in outcomes if outcome.state == OutcomeState.TOO_COMPLEX
    }
    matched = {outcome.rule_id for outcome in outcomes} - given_up.keys()
    missed = [rule for rule in rules if rule.id not in matched and rule.id not in given_up]
    near, others = _nearest(event, missed, _patterns_then(missed[:MOST_RULES]), masked)
    return Ruling(
        When.THEN,
        matched=[rule for rule in rules if rule.id in matched],
        too_complex=[replace(rule, why_not=given_up[rule.id]) for rule in rules if rule.id in given_up],
        missed=near,
        others=others,
        unasked=unasked,
        known=ruleset is not None,
    )


def ruling_now(event: EventRow, masked: Collection[str]) -> Ruling:
    """Return what the rules of today would make of the event, were it put on its bus again."""
    rules: list[RuleShown] = []
    patterns: dict[int, Pattern | None] = {}
    found = Rule.objects.filter(bus_id=event.bus_id).order_by("name")
    for rule, version in latest_versions(found):
        rules.append(RuleShown(rule.pk, rule.name, version, rule.enabled, shadow=rule.shadow))
        patterns[rule.pk] = parsed(rule.routed_pattern)
    decoded = decoded_event(event)
    verdicts = {
        rule_id: match(pattern, decoded)
        for rule_id, pattern in patterns.items()
        if pattern is not None and not reads_masked(pattern, masked)
    }
    of = {verdict: [rule for rule in rules if verdicts.get(rule.id) is verdict] for verdict in Verdict}
    undecided = [rule for rule in rules if rule.id not in verdicts]
    missed = [*of[Verdict.NO_MATCH], *undecided]
    near, others = _nearest(
        event, missed, {rule.id: patterns[rule.id] for rule in missed[:MOST_RULES]}, masked
    )
    return Ruling(
        When.NOW,
        matched=of[Verdict.MATCH],
        too_complex=[replace(rule, why_not="its search was given up") for rule in of[Verdict.TOO_COMPLEX]],
        missed=near,
        others=others,
    )


def latest_versions(rules: Any) -> list[tuple[Rule, int]]:
    """Return rules of a query, each with the number of its latest version."""
    found = list(rules)
    numbers: dict[int, int] = {}
    versions = RuleVersion.objects.filter(rule_id__in=[rule.pk for rule in found]).order_by("number")
    for rule_id, number in versions.values_list("rule_id", "number"):
        numbers[rule_id] = number
    return [(rule, numbers.get(rule.pk, 0)) for rule in found]


def decoded_event(event: EventRow) -> dict[str, Any]:
    """Return the event as patterns see it, unmasked: what is told of it must be asked about first."""
    return envelope_of(event_of(event)).decoded()


def reads_masked(pattern: Pattern, masked: Collection[str]) -> bool:
    """Tell whether a pattern asks about fields that are masked: its verdict would tell what is there."""
    return bool(masked) and any(is_masked(one.path, masked) for one in pattern.fields)


@lru_cache(maxsize=2048)
def parsed(text: str) -> Pattern | None:
    """Return a stored pattern; None for one that cannot be read (by a hand in the database)."""
    try:
        return parse(text)
    except PatternError:
        return None


def _patterns_then(rules: Sequence[RuleShown]) -> dict[int, Pattern | None]:
    wanted = {(rule.id, rule.version) for rule in rules}
    versions = RuleVersion.objects.filter(
        rule_id__in=[rule.id for rule in rules], number__in={rule.version for rule in rules}
    )
    return {
        version.rule_id: parsed(version.pattern)
        for version in versions
        if (version.rule_id, version.number) in wanted
    }


def _nearest(
    event: EventRow,
    rules: Sequence[RuleShown],
    patterns: Mapping[int, Pattern | None],
    masked: Collection[str],
) -> tuple[list[RuleShown], list[RuleShown]]:
    """Return the rules that came nearest, with the reason, and the rest."""
    reasons: dict[int, str] = {}
    hidden: dict[int, str] = {}
    asked: list[tuple[int, Pattern]] = []
    for rule_id, pattern in patterns.items():
        if pattern is None:
            hidden[rule_id] = _BROKEN
        elif reads_masked(pattern, masked):
            hidden[rule_id] = HIDDEN  # the reason would tell what is there
        else:
            asked.append((rule_id, pattern))
    if asked:
        misses = near_misses(asked, decoded_event(event), limit=EXPLAINED)
        reasons = {miss.rule_id: miss.explanation.words for miss in misses}
    by_id = {rule.id: rule for rule in rules}
    near = [
        replace(by_id[rule_id], why_not=why)
        for rule_id, why in (reasons | hidden).items()
        if rule_id in by_id
    ]
    told = {rule.id for rule in near}
    return near, [rule for rule in rules if rule.id not in told]
