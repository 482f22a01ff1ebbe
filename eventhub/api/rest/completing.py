"""Completing a filter while it is written: words, values and paths that could stand at a column."""

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths_by_bus
from eventhub.api.rest.listing import check_parameters
from eventhub.api.rest.media import JSONAnswer
from eventhub.api.rest.permissions import verified
from eventhub.domain.filter import limits
from eventhub.flow.complete import complete_filter


class CompletionView(APIView):
    """``GET /api/events/complete``."""

    reads = Scope.EVENTS_READ
    renderer_classes = [JSONAnswer]

    def get(self, request: Request) -> Response:
        """Answer what could stand at ``at``, and which characters it would replace."""
        check_parameters(request, frozenset({"q", "at"}))
        text, caller = request.query_params.get("q", ""), verified(request)
        if len(text) > limits.MAX_CHARACTERS:
            raise ValidationError(
                {"q": f"wanted at most {limits.MAX_CHARACTERS} characters, found {len(text)}"}
            )
        found = complete_filter(
            text,
            _column(request.query_params.get("at", ""), len(text)),
            bus_ids=caller.buses(Scope.EVENTS_READ),
            masked=masked_paths_by_bus(caller),
        )
        items = [{"text": one.text, "kind": one.kind, "note": one.about} for one in found.candidates]
        return Response({"from": found.start, "to": found.end, "items": items})


def _column(text: str, length: int) -> int:
    if not text:
        return length
    if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text) <= limits.MAX_CHARACTERS):
        wanted = f"a column of q, a number from 0 to {limits.MAX_CHARACTERS}"
        raise ValidationError({"at": f"wanted {wanted}, found {text!r:.40}"})
    return min(int(text), length)
