"""The list of rules: what each picks, where it delivers, and what it did lately."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard import words
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.rules.figures import Figures, add_minutes, figures
from eventhub.domain.pattern import rule_in_english
from eventhub.flow.last_matches import LastMatch, last_matches
from eventhub.models import Rule

PER_PAGE = 100
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


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    texts: Mapping[str, str]
    sort: str
    falling: bool
    page: int

    def query(self, **changed: object) -> str:
        """Return the address's query with some of it changed; what is empty is left out."""
        sort = {"sort": f"{'-' if self.falling else ''}{self.sort}"} if self.sort != "name" else {}
        wanted = {**self.texts, **sort, **changed}
        return "?" + urlencode({name: value for name, value in wanted.items() if value not in ("", 1)})

    def sorts(self) -> dict[str, dict[str, str]]:
        """Return where each column's head leads, and how it is sorted now, as ``aria-sort`` says it."""
        heads = {}
        for name in SORTS:
            is_text = name in ("name", "bus")
            falling = not self.falling if name == self.sort else not is_text
            now = "descending" if self.falling else "ascending"
            heads[name] = {
                "query": self.query(sort=f"{'-' if falling else ''}{name}"),
                "now": now if name == self.sort else "",
            }
        return heads


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
    on_page = [pk for pk, *_ in found[(asked.page - 1) * PER_PAGE : asked.page * PER_PAGE]]
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
        "newer": asked.query(page=asked.page - 1) if asked.page > 1 else "",
        "older": asked.query(page=asked.page + 1) if len(found) > asked.page * PER_PAGE else "",
        "first": (asked.page - 1) * PER_PAGE + 1,
        "may_change": caller.may(Scope.RULES_WRITE),
        "here": request.get_full_path(),
        "now": time.time(),
    }
    return render(request, "rules/list.html", context)


def _asked(request: HttpRequest) -> Asked:
    texts = {name: text for name in _TEXTS if (text := request.GET.get(name, "").strip())}
    if texts.get("state", STATES[0]) not in STATES:
        texts.pop("state")
    sort = request.GET.get("sort", "name")
    falling, name = sort.startswith("-"), sort.removeprefix("-")
    number = request.GET.get("page", "")
    page = int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 7 else 1
    return Asked(texts, name if name in SORTS else "name", falling and name in SORTS, max(page, 1))


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
