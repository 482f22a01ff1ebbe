"""Explaining: a pattern and an event, and why the one does or does not match the other.

Whoever may read rules may try a pattern on an event of their own; a stored event, named by its id, is read
as ``/api/events`` reads it: with ``events:read``, and on the caller's buses only. Of any other event the
answer is that there is none.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.api.errors import CONTENT_TYPE, PlaceError, problem
from eventhub.api.rest.media import JSONAnswer, RuleBody, member_text, verbatim
from eventhub.api.rest.permissions import ScopePermission, verified
from eventhub.domain import jsontext
from eventhub.domain.mask import is_masked
from eventhub.domain.pattern import Pattern, PatternError, explain, parse
from eventhub.flow.payload import envelope_of
from eventhub.flow.stored import event_of
from eventhub.journal.rows import EventRow

# Around the largest detail that is accepted: the envelope's other members.
MAX_EVENT_BYTES = settings.MAX_ENTRY_BYTES + 2**16


class MayExplain(ScopePermission):
    """Either scope opens the address; which one is needed depends on what is asked."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return False (a 401) for nobody; raise PermissionDenied if both scopes are missing."""
        try:
            return super().has_permission(request, view)
        except PermissionDenied:
            if verified(request).may(Scope.EVENTS_READ):
                return True
            raise PermissionDenied(
                f"this needs the scope {Scope.RULES_READ} or {Scope.EVENTS_READ}"
            ) from None


class PatternPlaceError(PlaceError):
    """What is wrong with a pattern; ``field`` is the path in it, ``reference`` what EventBridge says."""

    field: str
    wanted: str
    found: str
    line: int
    column: int
    reference: str


class ExplainBody(RuleBody):
    """Reads the request; notes how long the event is, which only its text tells."""

    def read(self, body: bytes, decoded: dict[str, Any]) -> dict[str, Any]:
        """Refuse an event that no bus would take."""
        if len(body) > MAX_EVENT_BYTES and isinstance(decoded.get("event"), dict):
            found = len(member_text(body, "event").encode())
            if found > MAX_EVENT_BYTES:
                raise ValidationError({"event": f"wanted at most {MAX_EVENT_BYTES} bytes, found {found}"})
        return super().read(body, decoded)


class Explain(APIView):
    """``POST /api/patterns/explain``."""

    reads = writes = Scope.RULES_READ
    permission_classes = [MayExplain]
    parser_classes = [ExplainBody]
    renderer_classes = [JSONAnswer]

    def post(self, request: Request) -> Response:
        """Answer the verdict and the tree behind it."""
        asked: Any = request.data
        _check_members(asked)
        event, masked = _event(asked, verified(request))
        try:
            pattern = parse(asked["pattern"])
        except PatternError as error:
            return refused_pattern(error)
        refuse_masked(pattern, masked)
        return Response(verbatim(jsontext.encode(explain(pattern, event).as_dict())))


def _check_members(asked: dict[str, Any]) -> None:
    faults = dict.fromkeys(asked.keys() - _KINDS.keys(), "unknown; known are: pattern, event, event_id")
    for name, (kind, wanted) in _KINDS.items():
        if name in asked and not isinstance(asked[name], kind):
            faults[name] = f"wanted {wanted}"
    if "pattern" not in asked:
        faults["pattern"] = "missing; wanted a pattern: a JSON object, or its text as a string"
    if ("event" in asked) is ("event_id" in asked):
        found = "both" if "event" in asked else "neither"
        faults["event"] = f"wanted either event, an envelope, or event_id, of a stored one; found {found}"
    if faults:
        raise ValidationError(faults)


_KINDS: dict[str, tuple[type, str]] = {
    "pattern": (str, "a JSON object, or its text as a string"),
    "event": (dict, "an event's envelope: a JSON object"),
    "event_id": (str, "the id of an event"),
}


def _event(asked: dict[str, Any], caller: Caller) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the event as patterns see it, if the caller may see it, and the paths masked for them."""
    needed = Scope.RULES_READ if "event" in asked else Scope.EVENTS_READ
    if not caller.may(needed):
        raise PermissionDenied(f"this needs the scope {needed}")
    if "event" in asked:
        given: dict[str, Any] = asked["event"]
        return given, ()
    try:
        event_id = UUID(asked["event_id"])
    except ValueError:
        raise ValidationError(
            {"event_id": f"wanted the id of an event, found {asked['event_id'][:50]!r}"}
        ) from None
    row = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ).first()
    if row is None:
        raise NotFound(f"there is no event {event_id}")
    return envelope_of(event_of(row)).decoded(), masked_paths(caller, row.bus_id)


def refuse_masked(pattern: Pattern, masked: Collection[str]) -> None:
    """Refuse a pattern that asks about what is masked: the answer would tell what is there."""
    for one in pattern.fields if masked else ():
        if is_masked(one.path, masked):
            raise PermissionDenied(f"{one.path} of this event is masked for you: leave it out")


def refused_pattern(error: PatternError) -> Response:
    """Return the problem of a pattern that cannot be read, with the place in it."""
    fault: PatternPlaceError = {
        "path": "pattern",
        "message": str(error),
        "field": error.path,
        "wanted": error.wanted,
        "found": error.found,
        "line": error.line,
        "column": error.column,
        "reference": error.reference_text,
    }
    document = problem(400, "invalid-pattern", str(error), [fault])
    return Response(document, 400, content_type=CONTENT_TYPE)
