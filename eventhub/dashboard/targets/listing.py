"""The list of targets: where each delivers, how it fares, and what it did in the last hour."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard import asked as lists
from eventhub.dashboard.asked import Asked
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.targets import standing
from eventhub.dashboard.targets.figures import Figures, add_latencies, add_minutes, figures, states
from eventhub.dashboard.targets.visible import kind_title, shown_address, targets_seen
from eventhub.flow.state_seen import state_seen
from eventhub.journal.limits import TargetState
from eventhub.models import RuleTarget, Target
from eventhub.targets.kinds import KINDS

SORTS = ("name", "state", "rate", "hour", "success", "p50", "p99", "backlog", "oldest")
RISING = ("name", "state", "success")  # what one looks for first is at the top
_BESIDE = ("bus", "connection", "api_destination__connection")


@dataclass(frozen=True, slots=True)
class TargetShown:
    """A row of the list; ``state`` as the reader may see it."""

    target: Target
    kind: str
    address: str
    standing: standing.Standing
    state: TargetState
    figures: Figures
    buses: Sequence[str]

    @property
    def oldest_ms(self) -> float | None:
        """Return how long ago the event of the oldest delivery that waits was accepted."""
        at = self.state.oldest_pending_at
        return None if at is None else max(0.0, (time.time_ns() // 1000 - at) / 1000)


@require_safe
@login_required
def targets(request: HttpRequest) -> HttpResponse:
    """List the targets that the reader may see, as the address filters and sorts them."""
    caller = reader(request)
    if not caller.may(Scope.RULES_READ):
        raise PermissionDenied("you may see no target")
    asked = lists.read(request.GET, texts=("q", "kind", "state", "bus"), sorts=SORTS, rising=RISING)
    now, bus_ids = int(time.time()), caller.buses(Scope.EVENTS_READ)
    every, of_all, faring = targets_seen(caller), figures(bus_ids, now=now), states()
    if bus_ids is None and asked.sort in ("p50", "p99"):
        add_latencies(of_all, None, now=now)
    found = [
        row
        for row in _matching(every, asked, caller).values_list("pk", "name", "enabled", "paused")
        if asked.texts.get("state", _word(row, faring)) == _word(row, faring)
    ]
    key = _KEYS[asked.sort]
    found.sort(key=lambda row: row[1])
    found.sort(key=lambda row: key(row, of_all, faring), reverse=asked.falling)
    on_page = [row[0] for row in asked.cut(found)]
    add_minutes(of_all, on_page, bus_ids, now=now)
    if bus_ids is None:
        add_latencies(of_all, on_page, now=now)
    context = {
        "page": "targets",
        "rows": _rows(on_page, of_all, faring, caller),
        "asked": asked,
        "heads": asked.heads(),
        "found": len(found),
        "of": every.count() if asked.texts else len(found),
        **asked.pages(len(found)),
        "states": standing.SAID,
        "kinds": sorted(KINDS.values(), key=lambda kind: kind.title),
        "buses": seen.buses(caller, Scope.RULES_READ).order_by("name"),
        "may_add": caller.may_everywhere(Scope.RULES_WRITE),
        "tells_all": bus_ids is None,
        "now": time.time(),
    }
    return render(request, "targets/list.html", context)


def _matching(rows: QuerySet[Target], asked: Asked, caller: Caller) -> QuerySet[Target]:
    texts = asked.texts
    if text := texts.get("q"):
        # Addresses are searched as they are shown: a search must not tell of what is masked in them.
        there = [
            one.pk for one in rows.select_related(*_BESIDE) if text.lower() in shown_address(one).lower()
        ]
        rows = rows.filter(Q(name__icontains=text) | Q(note__icontains=text) | Q(pk__in=there))
    if "kind" in texts:
        rows = rows.filter(kind=texts["kind"])
    if "bus" in texts:
        of_bus = RuleTarget.objects.filter(rule__bus__name=texts["bus"])
        links = seen.on_buses(of_bus, caller, Scope.RULES_READ, "rule__bus_id")
        rows = rows.filter(pk__in=links.values("target_id"))
    return rows


_Row = tuple[int, str, bool, bool]  # id, name, enabled, paused
_NONE, _STILL = Figures(), TargetState()


def _word(row: _Row, faring: Mapping[int, TargetState]) -> str:
    return standing.word_of(enabled=row[2], paused=row[3], circuit=faring.get(row[0], _STILL).circuit)


def _figure(read: Callable[[Figures], float | None]) -> Callable[..., float]:
    """Return a key of a figure; what has none comes last when the largest are first."""
    return lambda row, of_all, _faring: -1.0 if (found := read(of_all.get(row[0], _NONE))) is None else found


def _success(row: _Row, of_all: Mapping[int, Figures], _faring: Mapping[int, TargetState]) -> float:
    success = of_all.get(row[0], _NONE).success
    return 2.0 if success is None else success


_KEYS: Mapping[str, Callable[..., Any]] = {
    "name": lambda row, *_: row[1],
    "state": lambda row, _of_all, faring: standing.WORDS.index(_word(row, faring)),
    "rate": _figure(lambda one: one.last_minute),
    "hour": _figure(lambda one: one.hour),
    "success": _success,
    "p50": _figure(lambda one: one.p50),
    "p99": _figure(lambda one: one.p99),
    "backlog": lambda row, _of_all, faring: faring.get(row[0], _STILL).pending,
    "oldest": lambda row, _of_all, faring: -(faring.get(row[0], _STILL).oldest_pending_at or 2**63),
}


def _rows(
    pks: Sequence[int], of_all: Mapping[int, Figures], faring: Mapping[int, TargetState], caller: Caller
) -> list[TargetShown]:
    rows = Target.objects.select_related(*_BESIDE).in_bulk(pks)
    of_page = RuleTarget.objects.filter(target_id__in=pks)
    links = seen.on_buses(of_page, caller, Scope.RULES_READ, "rule__bus_id")
    buses: dict[int, list[str]] = {}
    for target_id, name in links.order_by("rule__bus__name").values_list("target_id", "rule__bus__name"):
        named = buses.setdefault(target_id, [])
        if name not in named:
            named.append(name)
    now = standing.now()
    return [
        TargetShown(
            target=target,
            kind=kind_title(target),
            address=shown_address(target),
            standing=standing.standing_of(target, faring.get(pk, _STILL), now=now),
            state=state_seen(pk, faring[pk], caller) if pk in faring else _STILL,
            figures=of_all.get(pk, _NONE),
            buses=buses.get(pk, []),
        )
        for pk in pks
        if (target := rows.get(pk)) is not None
    ]
