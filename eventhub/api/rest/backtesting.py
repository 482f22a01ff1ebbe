"""Backtesting a pattern over REST: what it would have made of a bus's stored events.

It reads events and rules, so it takes both scopes; nothing is stored.
"""

from typing import Any

from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.api.rest.explaining import refuse_masked, refused_pattern
from eventhub.api.rest.fields import Body, moment_given
from eventhub.api.rest.media import JSONAnswer, RuleBody, moment_of
from eventhub.api.rest.permissions import verified
from eventhub.domain.pattern import Fate, Pattern, PatternError, parse
from eventhub.flow import backtest
from eventhub.journal.port import Position
from eventhub.models import Bus, Rule

MOST_IDS, IDS = 1000, 100
_MOMENT = "a moment with its zone, such as 2026-01-31T12:00:00Z"
_ASKED = {
    "bus": "the name of a bus",
    "pattern": "a JSON object, or its text as a string",
    "rule": "the id of a rule of the bus, whose saved pattern is compared",
    "since": _MOMENT,
    "until": _MOMENT,
    "last": f"a whole number from 1 to {backtest.MOST_EVENTS}",
    "head": "the head of an earlier answer",
    "show": f"one of {', '.join(Fate)}",
    "offset": f"a whole number from 0 to {backtest.MOST_EVENTS}",
    "limit": f"a whole number from 1 to {MOST_IDS}",
}


class BacktestView(APIView):
    """``POST /api/rules/backtest``."""

    reads = writes = Scope.EVENTS_READ
    parser_classes = [RuleBody]
    renderer_classes = [JSONAnswer]

    def post(self, request: Request) -> Response:
        """Answer what the pattern matches, and what that changes."""
        if not verified(request).may(Scope.RULES_READ):
            raise PermissionDenied(f"this needs the scope {Scope.RULES_READ}")
        body = Body(request, _ASKED)
        bus = _bus(request, body)
        text = body.take("pattern", str)
        rule_id = body.take("rule", int, default=None)
        window = _window(body, bus)
        show = body.take("show", str, default="")
        if show and show not in set(Fate):
            body.refuse("show", repr(show)[:80])
        offset = _whole(body, "offset", 0, backtest.MOST_EVENTS, 0)
        limit = _whole(body, "limit", 1, MOST_IDS, IDS)
        in_force = _in_force(body, bus, rule_id)
        body.done()
        assert window is not None
        try:
            draft = parse(text)
        except PatternError as error:
            return refused_pattern(error)
        assert bus is not None  # or the window would not be there
        refuse_masked(draft, masked_paths(verified(request), bus.pk))
        report = backtest.run(draft, in_force, window)
        shown = [Fate(show)] if show else list(Fate)
        return Response(
            report_json(report, compared=in_force is not None, shown=shown, offset=offset, limit=limit)
        )


def report_json(
    report: backtest.Report, *, compared: bool, shown: list[Fate], offset: int = 0, limit: int = IDS
) -> dict[str, Any]:
    """Return a report; of the ids of each fate that is shown, a page."""
    found, head = report.found, None if report.head is None else str(report.head)
    part = slice(offset, offset + limit)
    return {
        "scanned": found.scanned,
        "events": report.events,
        "events_more": report.more,
        "ran_out_of_time": found.ran_out,
        "took_ms": round(report.took_seconds * 1000, 1),
        "head": head,
        "oldest_at": moment_of(report.oldest.accepted_at) if report.oldest else None,
        "matched": found.matched,
        "now_matches": found.now_matched if compared else None,
        "too_complex": found.too_complex,
        **{
            fate.value: _page(found.keys[fate], fate, head, part if fate in shown else slice(0, 0))
            for fate in Fate
        },
        "clauses": [{"path": one.path, "wanted": one.wanted, "events": one.events} for one in found.clauses],
        "nearest": [
            {
                "event_id": str(miss.key.id),
                "clauses": miss.explanation.clauses,
                "satisfied": miss.explanation.satisfied,
                "first_failing": failing.path if (failing := miss.explanation.first_failing) else None,
                "words": miss.explanation.words,
            }
            for miss in found.nearest
        ],
    }


def _page(keys: list[backtest.Seen], fate: Fate, head: str | None, part: slice) -> dict[str, Any]:
    """Return a fate's count and a page of its ids; ``next`` are the members that ask for the next one."""
    more = 0 < part.stop < len(keys)
    following = {"show": fate.value, "offset": part.stop, "head": head} if more else None
    return {"count": len(keys), "ids": [str(key.id) for key in keys[part]], "next": following}


def _bus(request: Request, body: Body) -> Bus | None:
    name = body.take("bus", str)
    if name is None:
        return None
    caller = verified(request)
    bus = Bus.objects.filter(name=name).first()
    seen = bus is not None and caller.may(Scope.EVENTS_READ, bus.pk) and caller.may(Scope.RULES_READ, bus.pk)
    if not seen:
        body.wrong["bus"] = f"no bus is named {name!r:.80}"
        return None
    return bus


def _window(body: Body, bus: Bus | None) -> backtest.Window | None:
    moments: dict[str, int | None] = {}
    for name in ("since", "until"):
        text = body.take(name, str, default=None)
        try:
            moments[name] = None if text is None else moment_given(text)
        except ValueError:
            body.refuse(name, repr(text[:80]))
    head = body.take("head", str, default=None)
    try:
        position = None if head is None else Position.parse(head)
    except ValueError:
        body.refuse("head", repr(head[:80]))
        position = None
    last = _whole(body, "last", 1, backtest.MOST_EVENTS, backtest.MOST_EVENTS)
    if bus is None or len(moments) < 2:
        return None
    return backtest.Window(bus.pk, bus.name, last, moments["since"], moments["until"], position)


def _whole(body: Body, name: str, low: int, high: int, default: int) -> int:
    value = body.take(name, int, default=default)
    if value is None or not low <= value <= high:
        body.refuse(name, repr(value)[:80])
        return default
    return int(value)


def _in_force(body: Body, bus: Bus | None, rule_id: int | None) -> Pattern | None:
    if rule_id is None or bus is None:
        return None
    rule = Rule.objects.filter(bus=bus, pk=rule_id).first() if 0 <= rule_id < 2**63 else None
    if rule is None:
        body.wrong["rule"] = f"bus {bus.name} has no rule {rule_id!r:.40}"
        return None
    if not rule.pattern.strip():  # it has a schedule alone
        return None
    try:
        return parse(rule.pattern)
    except PatternError as error:  # only by a hand in the database: saving refuses it
        raise ValidationError({"rule": str(error)}) from error
