"""One target: how it stands, what it did lately, and what can be done about it."""

import time
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths_by_bus
from eventhub.dashboard import redriving
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.tags import duration
from eventhub.dashboard.targets import attempts as trying
from eventhub.dashboard.targets import figures, standing
from eventhub.dashboard.targets.drain import Drain
from eventhub.dashboard.targets.errors import SAID, error_classes, errors_among
from eventhub.dashboard.targets.heat import Heat, heat_of
from eventhub.dashboard.targets.limits_form import LimitsForm
from eventhub.dashboard.targets.rates import drain_of, timed
from eventhub.dashboard.targets.visible import kind_title, may_change, shown_address, targets_seen
from eventhub.flow.letters import grouped, limited
from eventhub.flow.state_seen import state_seen
from eventhub.journal.limits import TargetState
from eventhub.journal.port import Selection
from eventhub.models import RuleTarget, Target

GROUPS_SHOWN = 10
BLOCKED_SHOWN = 10
RULES_SHOWN = 100


@require_safe
@login_required
def target(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a target; ``?since=``, ``until=``, ``over=``, ``under=`` and ``error=`` narrow its attempts."""
    caller = reader(request)
    return whole(request, found(pk, caller), caller)


@require_safe
@login_required
def now(request: HttpRequest, pk: int) -> HttpResponse:
    """Render how the target stands alone, for a page that keeps it current."""
    caller = reader(request)
    one = found(pk, caller)
    return render(request, "targets/_now.html", present(one, caller, faring(one, caller)))


@require_safe
@login_required
def lately(request: HttpRequest, pk: int) -> HttpResponse:
    """Render what happened in the last hour and day alone, likewise."""
    caller = reader(request)
    one = found(pk, caller)
    return render(request, "targets/_lately.html", past(request, one, caller, faring(one, caller)))


def whole(
    request: HttpRequest, one: Target, caller: Caller, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Render the whole page; ``more`` takes the place of what it would show, or is shown beside."""
    state = faring(one, caller)
    may = may_change(caller, one)
    context = {
        "page": "targets",
        "may_change": may,
        "form": LimitsForm(instance=one) if may else None,
        **present(one, caller, state),
        **past(request, one, caller, state),
        "rules": _rules(one, caller),
        **more,
    }
    return render(request, "targets/target.html", context, status=status)


def found(pk: int, caller: Caller) -> Target:
    """Return a target that the caller may see; raises Http404 where there is none, else PermissionDenied."""
    rows = Target.objects.select_related("bus", "connection", "api_destination__connection")
    one = rows.filter(pk=pk).first()
    if one is None:
        raise Http404(f"there is no target {pk}")
    if not caller.may(Scope.RULES_READ) or not targets_seen(caller).filter(pk=pk).exists():
        raise PermissionDenied("you see no rule that delivers to this target")
    return one


def faring(one: Target, caller: Caller) -> TargetState:
    """Return how a target fares, as far as the caller may see."""
    return state_seen(one.pk, figures.states().get(one.pk, TargetState()), caller)


def present(one: Target, caller: Caller, state: TargetState) -> dict[str, Any]:
    """Return what changes from second to second."""
    at, bus_ids = int(time.time()), caller.buses(Scope.EVENTS_READ)
    counted = figures.figures(bus_ids, now=at, ids=[one.pk])
    if bus_ids is None:
        figures.add_latencies(counted, [one.pk], now=at)
    of_one = counted.get(one.pk, figures.Figures())
    drain = drain_of(one, state, bus_ids, now=at)
    return {
        "target": one,
        "state": state,
        "standing": standing.standing_of(one, state, now=standing.now()),
        "figures": of_one,
        "tells_all": bus_ids is None,
        "oldest_ms": _age_ms(state.oldest_pending_at),
        "drain": drain,
        "drains": _drains(one, state, drain),
        "may_change": may_change(caller, one),
        "redrives": redriving.current_redrives(caller, of_target=one.name),
        "here": f"/targets/{one.pk}",
        "now": time.time(),
    }


def past(request: HttpRequest, one: Target, caller: Caller, state: TargetState) -> dict[str, Any]:
    """Return what changes from minute to minute."""
    at, bus_ids = int(time.time()), caller.buses(Scope.EVENTS_READ)
    narrowed = trying.read_narrowed(request.GET)
    rows = trying.latest(one, caller, narrowed, oldest_pending_at=state.oldest_pending_at)
    every = (
        rows
        if not narrowed
        else trying.latest(one, caller, trying.Narrowed(), oldest_pending_at=state.oldest_pending_at)
    )
    examples = trying.shown(_first_of_each(every), caller)
    minutes: dict[int, figures.Figures] = {}
    figures.add_minutes(minutes, [one.pk], bus_ids, now=at)
    selection = limited(Selection(target=one.name), bus_ids)
    masked = masked_paths_by_bus(caller)
    groups, more_groups = grouped(selection, ("rule", "error"), most=GROUPS_SHOWN, masked=masked)
    return {
        "target": one,
        "kind": kind_title(one),
        "address": shown_address(one),
        "minutes": minutes.get(one.pk, figures.Figures()),
        "heat": _heat(one, every, at, sees_all=bus_ids is None),
        "tells_all": bus_ids is None,
        "errors": error_classes(one.pk, examples, now=at)
        if bus_ids is None
        else errors_among(trying.shown(every, caller)),
        "attempts": trying.shown(rows[: trying.SHOWN], caller),
        "attempts_found": len(rows),
        "narrowed": narrowed,
        "took": _took(narrowed),
        "error_said": SAID.get(narrowed.error, "failed"),
        "standing": standing.standing_of(one, state, now=standing.now()),
        "narrowed_from": None if narrowed.since is None else figures.moment_of(narrowed.since),
        "narrowed_to": None if narrowed.until is None else figures.moment_of(narrowed.until),
        "blocked": state.blocked[:BLOCKED_SHOWN],
        "state": state,
        "groups": [(group, redriving.query_of(group, one)) for group in groups],
        "more_groups": more_groups,
        "letters": sum(group.letters for group in groups),
        "may_redrive": caller.may(Scope.RULES_WRITE),
        "here": f"/targets/{one.pk}",
    }


def _heat(one: Target, rows: list[Any], at: int, *, sees_all: bool) -> Heat:
    span = figures.last_hour(at, step=60)
    journal = figures.journal_here()
    if not sees_all:
        return heat_of(timed(rows, span), span)
    return heat_of(journal.latencies("target", span, ids=[one.pk]) if journal else (), span)


def _took(narrowed: trying.Narrowed) -> str:
    """Return in words what durations are asked for."""
    over, under = narrowed.over, narrowed.under
    if over and under is not None:
        return f"{duration(over)} to {duration(under)}"
    return f"more than {duration(over)}" if over else "" if under is None else f"up to {duration(under)}"


def _first_of_each(rows: list[Any]) -> list[Any]:
    """Return the latest attempt of each class of errors."""
    first: dict[str, Any] = {}
    for row in rows:
        if kind := trying.kind_of(row):
            first.setdefault(kind, row)
    return list(first.values())


def _drains(one: Target, state: TargetState, drain: Drain) -> str:
    """Return in words why there is no estimate; "" where there is one."""
    if not state.pending:
        return "nothing waits"
    if not one.enabled or one.paused:
        return "not before it is resumed" if one.enabled else "not before it is enabled"
    if drain.ms is None:
        return "grows" if drain.grows else "none came or went in the last minute"
    return ""


def _age_ms(at: int | None) -> float | None:
    return None if at is None else max(0.0, (time.time_ns() // 1000 - at) / 1000)


def _rules(one: Target, caller: Caller) -> list[Mapping[str, Any]]:
    links = seen.on_buses(one.links.all(), caller, Scope.RULES_READ, "rule__bus_id")
    used: list[RuleTarget] = list(
        links.select_related("rule__bus").order_by("rule__bus__name", "rule__name")[:RULES_SHOWN]
    )
    at, journal = int(time.time()), figures.journal_here()
    counted: dict[int, Any] = {}
    if journal is not None and used:
        ids = [link.rule_id for link in used]
        for tally in journal.counts("attempt", figures.last_hour(at), by=("a",), a=ids, b=[one.pk]):
            counted[int(tally.counted.a)] = tally
    return [
        {
            "rule": link.rule,
            "transforms": link.transform is not None,
            "hour": counted[link.rule_id].count if link.rule_id in counted else 0,
            "failed": counted[link.rule_id].failed if link.rule_id in counted else 0,
        }
        for link in used
    ]
