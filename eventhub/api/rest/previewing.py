"""Previewing: what a target would receive of a stored event, before and after a transform.

The transform is one that a rule has for a target, named by both, or one given in the request. The answer is
made by the same code as a delivery, and nothing is sent. Events are read as ``/api/events`` reads them;
a rule's transform takes ``rules:read`` too.
"""

import base64
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.api.rest.fields import Body
from eventhub.api.rest.media import JSONAnswer, JSONBody
from eventhub.api.rest.permissions import verified
from eventhub.domain.payload import Payload, PayloadFormat
from eventhub.domain.transform import TransformError
from eventhub.flow.preview import SAMPLE_RULE, preview
from eventhub.flow.stored import event_of
from eventhub.journal.rows import EventRow
from eventhub.models import RuleTarget

_FORMATS = f"one of {', '.join(PayloadFormat)}"
_ASKED = {
    "rule": "the id of a rule, with target",
    "target": "the name of one of the rule's targets",
    "transform": "a transform: an object with Input, InputPath or InputTransformer",
    "payload_format": f"{_FORMATS}; beside transform only",
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    transform: object
    payload_format: PayloadFormat
    rule: str


class Preview(APIView):
    """``POST /api/events/{id}/preview``."""

    reads = writes = Scope.EVENTS_READ
    parser_classes = [JSONBody]
    renderer_classes = [JSONAnswer]

    def post(self, request: Request, event_id: UUID) -> Response:
        """Answer ``before`` and ``after``; ``fault`` says why nothing would be sent."""
        caller = verified(request)
        event = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ).first()
        if event is None:
            raise Http404
        wanted = _wanted(request)
        try:
            shown = preview(
                event_of(event, masked_paths(caller, event.bus_id)),
                wanted.transform,
                payload_format=wanted.payload_format,
                rule=wanted.rule,
            )
        except TransformError as error:
            raise ValidationError({"transform": str(error)}) from error
        before = Payload(shown.before)
        after = None if shown.after is None else payload_json(shown.after)
        return Response({"before": payload_json(before), "after": after, "fault": shown.fault})


def _wanted(request: Request) -> _Wanted:
    """Return what the body asks for; raises ValidationError with everything that is wrong with it."""
    body = Body(request, _ASKED)
    rule_id = body.take("rule", int, default=None)
    target = body.take("target", str, default=None)
    transform = body.take("transform", dict, default=None)
    form = body.take("payload_format", str, default=None)
    if form is not None and form not in set(PayloadFormat):
        body.refuse("payload_format", repr(form)[:80])
    of_rule = rule_id is not None or target is not None
    if of_rule and (rule_id is None or target is None):
        body.wrong.setdefault("rule", "wanted rule and target, found one of them")
    if of_rule and (transform is not None or form is not None):
        body.wrong.setdefault("transform", "wanted either rule and target, or a transform, found both")
    if not of_rule and transform is None and form is None:
        body.wrong.setdefault("transform", "wanted rule and target, or a transform, found neither")
    body.done()
    if not of_rule:
        return _Wanted(transform, PayloadFormat(form or PayloadFormat.EVENTBRIDGE), SAMPLE_RULE)
    if not verified(request).may(Scope.RULES_READ):
        raise PermissionDenied(f"this needs the scope {Scope.RULES_READ}")
    links = RuleTarget.objects.select_related("rule", "target").filter(rule_id=rule_id, target__name=target)
    link = seen.on_buses(links, verified(request), Scope.RULES_READ, "rule__bus_id").first()
    if link is None:
        raise ValidationError({"rule": f"there is no rule {rule_id} with a target {target!r:.80}"})
    return _Wanted(link.transform, PayloadFormat(link.target.payload_format), link.rule.name)


def payload_json(payload: Payload) -> dict[str, Any]:
    """Return a payload as text, or in base64 if it is none."""
    shown: dict[str, Any] = {
        "content_type": payload.content_type or None,
        "headers": dict(payload.headers),
        "body": None,
        "body_base64": None,
    }
    try:
        shown["body"] = payload.body.decode()
    except UnicodeDecodeError:
        shown["body_base64"] = base64.b64encode(payload.body).decode()
    return shown
