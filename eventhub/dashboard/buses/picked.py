"""The rules of a bus by what they match, and those that never matched an event that is kept."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from eventhub.dashboard import words
from eventhub.dashboard.lately import journal_here, last_day, last_hour
from eventhub.flow.last_matches import LastMatch, last_matches
from eventhub.models import Bus, Rule

SHOWN = 12


@dataclass(frozen=True, slots=True)
class RulePicks:
    """A rule, its matches in the last hour and day, and its last one; ``share`` of the bus's events."""

    rule: Rule
    said: words.Said
    hour: int
    day: int
    share: float
    last: LastMatch | None


@dataclass(frozen=True, slots=True)
class Picked:
    """The rules that match most and those that never did, each cut to what is shown; and how many in all."""

    matching: Sequence[RulePicks]
    never: Sequence[RulePicks]
    rules: int
    matching_in_all: int
    never_in_all: int


def picked(bus: Bus, *, events: int, now: float | None = None) -> Picked:
    """Return what the rules of a bus match; ``events`` are those of its last hour."""
    journal, at = journal_here(), int(time.time() if now is None else now)
    hours: dict[int, int] = {}
    days: dict[int, int] = {}
    if journal is not None:
        for past, found in ((last_hour(at), hours), (last_day(at), days)):
            for one in journal.counts("match", past, by=("a",), bus_ids=[bus.pk]):
                found[int(one.counted.a)] = one.count
    rules = list(Rule.objects.filter(bus=bus).order_by("name"))
    rules.sort(key=lambda rule: (-hours.get(rule.pk, 0), -days.get(rule.pk, 0)))
    lasts = last_matches([rule.pk for rule in rules])

    def picks(rule: Rule) -> RulePicks:
        hour = hours.get(rule.pk, 0)
        share = min(1.0, hour / events) if events else 0.0
        said = words.rule(enabled=rule.enabled, shadow=rule.shadow)
        return RulePicks(rule, said, hour, days.get(rule.pk, 0), share, lasts.get(rule.pk))

    never = [rule for rule in rules if rule.pk not in lasts]
    matching = [rule for rule in rules if rule.pk in lasts]
    return Picked(
        [picks(rule) for rule in matching[:SHOWN]],
        [picks(rule) for rule in never[:SHOWN]],
        len(rules),
        len(matching),
        len(never),
    )
