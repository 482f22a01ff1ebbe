"""The list of rules: what each picks, where it delivers, and what it did lately."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard import asked as lists
from eventhub.dashboard import words
from eventhub.dashboard.asked import Asked
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.rules.figures import Figures, add_minutes, figures
from eventhub.domain.pattern import rule_in_english
from eventhub.flow.last_matches import LastMatch, last_matches
from eventhub.models import Rule

STATES = ("enabled", "shadow", "disabled", "scheduled", "failing", "never matched")
SORTS = ("name", "bus", "rate", "hour", "day", "failing", "last")
_TEXTS = ("q", "bus", "state", "target")


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A row of the list."""

    rule: Rule
    said: words.Said
    sentence: str
    targets: Sequence[str]
    figures: Figures
    last: LastMatch | None
    may_change: bool


@require_safe
@login_required
def rules(request: HttpRequest) -> HttpResponse:
    """List the rules of the buses that the reader sees, as the address filters and sorts them."""
    caller, asked = reader(request), _asked(request)
    every = seen.on_buses(Rule.objects.all(), caller, Scope.RULES_READ)
    of_all = dict(figures(caller.buses(Scope.RULES_READ)))
    lasts: dict[int, LastMatch] = {}
    found: list[tuple[int, str, str]] = list(
        _matching(every, asked).order_by("name", "bus__name", "pk").values_list("pk", "name", "bus__name")
    )
    if asked.sort == "last" or asked.texts.get("state") == "never matched":
        lasts = last_matches([pk for pk, *_ in found])
    found = [one for one in found if _is_wanted(one[0], asked, of_all, lasts)]
    found.sort(key=_KEYS[asked.sort](of_all, lasts), reverse=asked.falling)
    on_page = [pk for pk, *_ in asked.cut(found)]
    add_minutes(of_all, on_page, now=int(time.time()))
    lasts = lasts or last_matches(on_page)
    context = {
        "page": "rules",
        "rows": _rows(on_page, of_all, lasts, caller),
        "asked": asked,
        "found": len(found),
        "of": len(found) if not asked.texts else every.count(),
        "buses": seen.buses(caller, Scope.RULES_READ).order_by("name"),
        "states": STATES,
        "may_change": caller.may(Scope.RULES_WRITE),
        "here": request.get_full_path(),
        "now": time.time(),
        **asked.pages(len(found)),
    }
    return render(request, "rules/list.html", context)


def _asked(request: HttpRequest) -> Asked:
    asked = lists.read(request.GET, texts=_TEXTS, sorts=SORTS, rising=("name", "bus"))
    texts = dict(asked.texts)
    if texts.get("state", STATES[0]) not in STATES:
        del texts["state"]
    return replace(asked, texts=texts)


def _matching(rules: QuerySet[Rule], asked: Asked) -> QuerySet[Rule]:
    texts = asked.texts
    if "bus" in texts:
        rules = rules.filter(bus__name=texts["bus"])
    if "target" in texts:
        rules = rules.filter(pk__in=Rule.objects.filter(targets__name=texts["target"]).values("pk"))
    if text := texts.get("q"):
        rules = rules.filter(
            Q(name__icontains=text) | Q(description__icontains=text) | Q(pattern__icontains=text)
        )
    return {
        "enabled": lambda: rules.filter(enabled=True, shadow=False),
        "shadow": lambda: rules.filter(enabled=True, shadow=True),
        "disabled": lambda: rules.filter(enabled=False),
        "scheduled": lambda: rules.exclude(schedule_expression=""),
    }.get(texts.get("state", ""), lambda: rules)()


def _is_wanted(pk: int, asked: Asked, of_all: Mapping[int, Figures], lasts: Mapping[int, LastMatch]) -> bool:
    state = asked.texts.get("state")
    if state == "failing":
        return pk in of_all and of_all[pk].failed > 0
    return state != "never matched" or pk not in lasts


_Row = tuple[int, str, str]
_Key = Callable[[_Row], Any]
_NONE = Figures()


def _by_figure(figure: Callable[[Figures], float]) -> Callable[..., _Key]:
    return lambda of_all, _lasts: lambda row: figure(of_all.get(row[0], _NONE))


_KEYS: Mapping[str, Callable[..., _Key]] = {
    "name": lambda *_: lambda row: (row[1], row[2]),
    "bus": lambda *_: lambda row: (row[2], row[1]),
    "rate": _by_figure(lambda one: one.last_minute),
    "hour": _by_figure(lambda one: one.hour),
    "day": _by_figure(lambda one: one.day),
    "failing": _by_figure(lambda one: one.failing or 0.0),
    "last": lambda _all, lasts: lambda row: lasts[row[0]].accepted_at.timestamp() if row[0] in lasts else 0.0,
}


def _rows(
    pks: Sequence[int], of_all: Mapping[int, Figures], lasts: Mapping[int, LastMatch], caller: Caller
) -> list[RuleShown]:
    rows = Rule.objects.select_related("bus").prefetch_related("targets").in_bulk(pks)
    return [
        RuleShown(
            rule=rule,
            said=words.rule(enabled=rule.enabled, shadow=rule.shadow),
            sentence=rule_in_english(rule.pattern, rule.schedule_expression),
            targets=[target.name for target in rule.targets.all()],
            figures=of_all.get(pk, _NONE),
            last=lasts.get(pk),
            may_change=caller.may(Scope.RULES_WRITE, rule.bus_id),
        )
        for pk in pks
        if (rule := rows.get(pk)) is not None
    ]
