"""Before a rule is saved: what the models allow and its author may not have meant, each with its reason.

    everything   the pattern matches each event that comes
    nothing      no event of the last day matches
    duplicate    another rule of the bus picks the same events
    loop         the rules lead its events back to its own bus
    target       the address guard refuses a target, or it takes no connection
    load         more deliveries a second are expected than the operator calls usual
    costly       matching takes long, or was given up for some events

Nobody is kept from saving: a form shows the warnings once and saves at the second try. They are judged by
what the author may see: without the right to read events, or with a masked path, nothing is counted.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.domain.mask import is_masked
from eventhub.domain.pattern import Pattern, PatternError, parse
from eventhub.domain.pattern.sameness import meaning, picks_everything
from eventhub.flow import backtest
from eventhub.flow.editing import Draft, draft_of
from eventhub.flow.loops import feeds_now, way_back
from eventhub.flow.reaching import unreached_targets
from eventhub.models import Bus, Rule

DAY_SECONDS, HOUR_SECONDS = 86_400, 3600
# Above these a single rule shows in what a bus takes to route; the limits where a pattern is refused are
# ten and a thousand times as high (``pattern.limits``, ``pattern.costs``).
MANY_BRANCHES, MANY_QUESTIONS = 100, 100


class Doubt(StrEnum):
    """What may not be meant."""

    EVERYTHING = "everything"
    NOTHING = "nothing"
    DUPLICATE = "duplicate"
    LOOP = "loop"
    TARGET = "target"
    LOAD = "load"
    COSTLY = "costly"


# Which member of the rule a doubt is about.
PATHS: Mapping[Doubt, str] = {
    Doubt.LOOP: "targets",
    Doubt.TARGET: "targets",
    Doubt.LOAD: "targets",
}


@dataclass(frozen=True, slots=True)
class Warned:
    """One warning; ``about`` names the other rule, the target or the bus that it is about, if one."""

    doubt: Doubt
    said: str
    reason: str
    about: str = ""

    @property
    def key(self) -> str:
        """Return what stays the same while figures change: what a person saw is not shown again."""
        return f"{self.doubt}:{self.about}" if self.about else str(self.doubt)

    @property
    def path(self) -> str:
        """Return the member of the rule that it is about."""
        return PATHS.get(self.doubt, "pattern")


def warnings_of(draft: Draft, bus: Bus, caller: Caller, *, rule: Rule | None = None) -> list[Warned]:
    """Return what a draft should be warned of before it is saved; of a new rule without ``rule``.

    Nothing where only words change, nor of a draft that the models refuse: their errors come first.
    Looks at the targets that the draft adds by connecting to them, for two seconds at most.
    """
    before = draft_of(rule) if rule is not None and rule.pk else None
    if before is not None and before.state() | {"name": ""} == draft.state() | {"name": ""}:
        return []
    found: list[Warned] = []
    if draft.pattern.strip() and _is_judged(draft, before):
        try:
            pattern = parse(draft.pattern)
        except PatternError:
            return []
        found += _of_pattern(pattern, draft, bus, caller, rule)
    found += _of_loops(draft, bus, caller, rule)
    had = {target.pk for target, _ in before.links} if before else set()
    for target, why in unreached_targets([one for one, _ in draft.links if one.pk not in had]):
        said = f"Target {target.name} cannot be reached now."
        found.append(Warned(Doubt.TARGET, said, f"{why}. Deliveries are repeated until it can.", target.name))
    return found


def _is_judged(draft: Draft, before: Draft | None) -> bool:
    """Tell whether a change touches what the pattern does, and is not of a transform, say."""
    if before is None or before.pattern != draft.pattern:
        return True
    return _delivers(draft) and (not _delivers(before) or len(draft.links) > len(before.links))


def _delivers(draft: Draft) -> bool:
    return draft.enabled and not draft.shadow


def _of_pattern(
    pattern: Pattern, draft: Draft, bus: Bus, caller: Caller, rule: Rule | None
) -> Iterator[Warned]:
    if picks_everything(pattern):
        yield Warned(
            Doubt.EVERYTHING,
            f"The pattern matches every event on bus {bus.name}.",
            "Each of its conditions holds of any event, whatever it says.",
        )
    yield from _duplicates(pattern, bus, rule)
    yield from _costly(pattern)
    if not _may_count(pattern, bus, caller):
        return
    now = time.time()
    day = backtest.run(pattern, None, _window(bus, now - DAY_SECONDS))
    if day.found.scanned and not day.found.matched:
        many = f"{day.found.scanned:,} events that came on bus {bus.name} in the last day"
        of_more = "newest " if day.events > day.found.scanned else ""
        yield Warned(
            Doubt.NOTHING,
            "The pattern matched nothing in the last day.",
            f"None of the {of_more}{many} would have matched{_nearest(day)}.",
        )
    if day.found.too_complex:
        yield Warned(
            Doubt.COSTLY,
            "The pattern is too costly for some events.",
            f"Matching was given up for {day.found.too_complex:,} of {day.found.scanned:,} stored events: "
            "of these the rule makes no deliveries, and they are recorded as too complex.",
        )
    if _delivers(draft):
        yield from _load(pattern, draft, bus, now)


def _duplicates(pattern: Pattern, bus: Bus, rule: Rule | None) -> Iterator[Warned]:
    wanted = meaning(pattern)
    others = Rule.objects.filter(bus=bus).exclude(pattern="")
    if rule is not None:
        others = others.exclude(pk=rule.pk)
    for name, text, enabled in others.order_by("name").values_list("name", "pattern", "enabled"):
        try:
            same = meaning(parse(text)) == wanted
        except PatternError:  # only by a hand in the database: saving refuses it
            continue
        if same:
            state = "" if enabled else ", which is disabled,"
            yield Warned(
                Doubt.DUPLICATE,
                f"Rule {name} of bus {bus.name} picks the same events.",
                f"The pattern of rule {name}{state} means the same as this one; a target of both would "
                "receive each event twice. More targets can be added to that rule instead.",
                name,
            )
            return


def _costly(pattern: Pattern) -> Iterator[Warned]:
    branches, asked = len(pattern.branches), max(pattern.costs.values(), default=0)
    if branches >= MANY_BRANCHES:
        why = f"its $or make {branches:,} combinations, each of which is held against events"
    elif asked >= MANY_QUESTIONS:
        where = max(pattern.costs, key=lambda path: pattern.costs[path])
        why = f"{where} is asked {asked:,} questions, one by one, of each value that an event has there"
    else:
        return
    yield Warned(Doubt.COSTLY, "The pattern is costly to match.", f"{why[0].upper()}{why[1:]}.")


def _load(pattern: Pattern, draft: Draft, bus: Bus, now: float) -> Iterator[Warned]:
    hour = backtest.run(pattern, None, _window(bus, now - HOUR_SECONDS))
    if hour.oldest is None:
        return
    # The scan ends before the hour does where more came than it takes: then it is of a shorter time.
    is_whole = hour.found.scanned >= hour.events and not hour.more
    seconds = HOUR_SECONDS if is_whole else max(1.0, now - hour.oldest.accepted_at / 1_000_000)
    expected = hour.found.matched * len(draft.links) / seconds
    if expected > settings.WARN_DELIVERIES_PER_SECOND:
        yield Warned(
            Doubt.LOAD,
            f"The rule is expected to make {expected:,.0f} deliveries a second.",
            f"{hour.found.matched:,} of {hour.found.scanned:,} events of the last {seconds:,.0f} s match, "
            f"each for {len(draft.links)} target{'s' * (len(draft.links) != 1)}; "
            f"EVENTHUB_WARN_DELIVERIES_PER_SECOND is {settings.WARN_DELIVERIES_PER_SECOND}.",
        )


def _of_loops(draft: Draft, bus: Bus, caller: Caller, rule: Rule | None) -> Iterator[Warned]:
    fed = {target.bus_id: target for target, _ in draft.links if target.bus_id is not None}
    if not fed:
        return
    feeds = feeds_now(leaving_out=rule.pk if rule else None)
    for there, target in fed.items():
        way = way_back(feeds, there, bus.pk)
        if not way:
            continue
        names = dict(seen.buses(caller).filter(pk__in=way).values_list("pk", "name"))
        shown = " → ".join([bus.name, *(names.get(pk, "a bus that you may not see") for pk in way)])
        yield Warned(
            Doubt.LOOP,
            f"Target {target.name} would make a loop.",
            f"What it puts on its bus can come back: {shown}. Events go round until they passed eight buses, "
            "then the delivery is refused.",
            target.name,
        )


def _may_count(pattern: Pattern, bus: Bus, caller: Caller) -> bool:
    if not caller.may(Scope.EVENTS_READ, bus.pk):
        return False
    masked = masked_paths(caller, bus.pk)
    return not any(is_masked(one.path, masked) for one in pattern.fields)


def _window(bus: Bus, since: float) -> backtest.Window:
    return backtest.Window(bus.pk, bus.name, since=int(since * 1_000_000))


def _nearest(report: backtest.Report) -> str:
    if not report.found.nearest:
        return ""
    failing = report.found.nearest[0].explanation.first_failing
    return f"; the nearest fails at {failing.path}" if failing else ""
