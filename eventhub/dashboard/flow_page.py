"""The flow page: the graph with its figures, the newest events, and the first steps while there are none."""

import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from eventhub.access import seen
from eventhub.access.caller import Caller, caller_of_user
from eventhub.access.scopes import Scope
from eventhub.dashboard import search_page, stream
from eventhub.dashboard.flow_list import columns, last_minute, listed
from eventhub.dashboard.heading import Heading
from eventhub.dashboard.permitted import asked_bus
from eventhub.dashboard.scrubber.shown import scrubber_of
from eventhub.dashboard.scrubber.span import Span, asked
from eventhub.flow.find import WrongSearchError
from eventhub.flow.process import NotRunningError, parts
from eventhub.flow.rulebook import Rulebook
from eventhub.journal.rows import EventRow
from eventhub.live.graph import Numbering
from eventhub.live.lately import read_lately
from eventhub.live.listing import LISTED
from eventhub.live.past import past_snapshot
from eventhub.live.snapshot import FlowSnapshot, flow_snapshot
from eventhub.live.view import View, view_of
from eventhub.models import DEFAULT_BUS, Bus

_QUIET_MS = 60_000  # without events for so long, the page says since when


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Lead from ``/`` to the flow."""
    return HttpResponseRedirect(reverse("flow"))


@require_safe
@login_required
def flow(request: HttpRequest) -> HttpResponse:
    """Show everything, or with ``?bus=`` one bus."""
    return render_flow(request)


def render_flow(request: HttpRequest, first_key: tuple[str, str] | None = None) -> HttpResponse:
    """Render the page; ``first_key`` is an id and a secret that was just minted for the reader."""
    caller = caller_of_user(request.user)
    if caller is None or caller.has_no_role:
        return render(
            request, "no_role.html", {"page": "flow", "user_name": request.user.get_username()}, status=403
        )
    bus = asked_bus(request, caller)
    group = request.GET.get("group", "")
    span = asked(request.GET, int(time.time()))
    snapshot = _snapshot(view_of(caller, bus.pk if bus else None, group), span)
    by_node, minute = last_minute(snapshot)
    newest = snapshot.rows[0] if snapshot.rows else None
    quiet_ms = 0 if newest is None else snapshot.at * 1000 - newest.accepted_at / 1000
    first_bus = _first_bus(caller, bus)
    context = {
        "page": "flow",
        "bus": bus,
        "at": snapshot.at,
        "heading": Heading(snapshot.at, snapshot.head),
        "scrubber": scrubber_of(span, caller, bus, request.GET.dict()),
        "nodes": listed(snapshot, by_node, request.GET),
        "columns": columns(request.GET),
        "find": request.GET.get("find", ""),
        "as_list": request.GET.get("list") == "1",
        "slow": f"{settings.SLOW_MS / 1000:g} s",
        "quiet_since": newest if not minute["in"] and quiet_ms >= _QUIET_MS else None,
        "quiet_ms": quiet_ms,
        **_stream(request, caller, bus, snapshot, span),
        "snapshot": _as_sent(snapshot),
        "is_first": span.at is None
        and not seen.on_buses(EventRow.objects.all(), caller, Scope.EVENTS_READ).exists(),
        "may_put": first_bus is not None,
        "first_bus": first_bus,
        "first_key": first_key,
        "address": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "flow.html", context)


def _stream(
    request: HttpRequest, caller: Caller, bus: Bus | None, snapshot: FlowSnapshot, span: Span
) -> dict[str, Any]:
    """Return the stream as the address asks for it: the newest events, or those that pass a filter."""
    box = search_page.Box({"q": request.GET["q"].strip()} if request.GET.get("q") else {})
    listed = stream.Listed(snapshot.rows, more=len(snapshot.rows) == LISTED)
    if box.texts:
        try:
            upto = "" if span.at is None else datetime.fromtimestamp(span.at, UTC).isoformat()
            listed = stream.listed_events(caller, bus, {**box.texts, "to": upto}, limit=LISTED)
        except WrongSearchError as error:
            box, listed = search_page.wrong_box(box.texts, error), stream.Listed([], more=False)
    return {"box": box, "listed": listed, "start": stream.start(request, caller, listed)}


def _first_bus(caller: Caller, bus: Bus | None) -> str | None:
    """Return the bus for the reader's first event: the one shown, else the default one, else any."""
    buses = seen.buses(caller, Scope.EVENTS_PUT)
    if bus is not None:
        return bus.name if caller.may(Scope.EVENTS_PUT, bus.pk) else None
    chosen = buses.filter(name=DEFAULT_BUS).first() or buses.order_by("name").first()
    return chosen.name if chosen else None


def _rulebook() -> Rulebook | None:
    try:
        return parts().keeper.current
    except NotRunningError:
        return None  # the snapshot reads the configuration itself


def _snapshot(view: View, span: Span) -> FlowSnapshot:
    """Return the flow of now, or of the instant that was asked for."""
    if span.at is None:
        return flow_snapshot(view, rulebook=_rulebook())
    running = parts()
    return past_snapshot(running.journal, running.keeper.current, view, span.at, now=span.now).flow


def _as_sent(snapshot: FlowSnapshot) -> dict[str, Any]:
    """Return the graph as the socket's ``snap`` has it, so that the page draws it before it is connected."""
    numbering = Numbering()
    graph = snapshot.graph
    quiet = {key for key, node in graph.nodes.items() if snapshot.gauges[key].state == "idle"}
    return {
        "lately": [(numbering.node(key), ago) for key, ago in read_lately(snapshot.at, quiet).items()],
        "nodes": [node.as_json(numbering.node(key)) for key, node in graph.nodes.items()],
        "edges": [
            (numbering.edge(edge), numbering.node(edge[0]), numbering.node(edge[1])) for edge in graph.edges
        ],
        "ctr": [(numbering.edge(edge), *counted) for edge, counted in snapshot.counts.items()],
        "ns": [(numbering.node(key), *gauge) for key, gauge in snapshot.gauges.items()],
        "head": msgspec.to_builtins(snapshot.head),
    }
