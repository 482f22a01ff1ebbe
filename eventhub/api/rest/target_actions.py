"""What can be done to a target beside changing it, and how it fares."""

from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body
from eventhub.api.rest.listing import check_parameters
from eventhub.api.rest.media import moment_of
from eventhub.api.rest.permissions import verified
from eventhub.api.rest.targets import TargetViewSet
from eventhub.domain.mask import mask_message, mask_reason
from eventhub.domain.signature import SecretError
from eventhub.flow.configure import Algorithm, Switch, rotate_signing, switch
from eventhub.flow.process import parts
from eventhub.flow.state_seen import state_seen
from eventhub.flow.stored import stored_event
from eventhub.flow.testing import test_target
from eventhub.journal.limits import BlockedKey, TargetState
from eventhub.models import Target
from eventhub.models.signing import MAX_OVERLAP_SECONDS, OVERLAP_SECONDS
from eventhub.secret import BrokenSealError
from eventhub.targets.kind import Result

_ROTATE = {
    "algorithm": "v1 (HMAC-SHA256) or v1a (Ed25519)",
    "secret": "a secret of your own: whsec_… or whsk_…",
    "overlap_seconds": f"a number from 0 to {MAX_OVERLAP_SECONDS}",
}
_TEST = {"event_id": "the id of an event to send again as a test; without it, one is made up"}


class TargetActionViewSet(TargetViewSet):
    """``/api/targets/{name}/…``."""

    def switch(self, request: Request, name: str, how: Switch) -> Response:
        """Enable, disable, pause or resume; answers the target."""
        Body(request, {}).done()
        with transaction.atomic():
            switch(self.current(), how)
        return self.tagged(self.get_serializer(self.get_object()).data)

    def state(self, request: Request, name: str) -> Response:
        """Answer how the target fares: circuit, backlog, blocked keys."""
        check_parameters(request, frozenset())
        target: Target = self.get_object()
        state = parts().journal.target_states().get(target.pk, TargetState())
        return Response(state_json(target, state, verified(request)))

    def test(self, request: Request, name: str) -> Response:
        """Make one attempt now, as a delivery would, and answer what came of it; nothing is recorded."""
        target: Target = self.get_object()
        body = Body(request, _TEST)
        text = body.take("event_id", str, default="")
        event = None
        if text:
            if not verified(request).may(Scope.EVENTS_READ):  # the receiver reads it
                raise PermissionDenied(f"to send an event again needs the scope {Scope.EVENTS_READ}")
            try:
                event = stored_event(UUID(text))
            except ValueError:
                body.refuse("event_id", repr(text[:50]))
            else:
                if event is None or not verified(request).may(Scope.EVENTS_READ, event.bus_id):
                    body.wrong["event_id"] = f"there is no event {text}"
        body.done()
        is_masked = event is not None and bool(masked_paths(verified(request), event.bus_id))
        return Response(result_json(test_target(target, event), is_masked=is_masked))

    def rotate_secret(self, request: Request, name: str) -> Response:
        """Give a webhook another signing secret; this answer alone shows it."""
        target: Target = self.get_object()
        if target.kind != Target.Kind.WEBHOOK:
            raise Conflict(f"targets of kind {target.kind} are not signed for; webhooks are")
        body = Body(request, _ROTATE)
        algorithm = body.take("algorithm", str, default=Algorithm.V1)
        if algorithm not in set(Algorithm):
            body.refuse("algorithm", repr(algorithm))
        text = body.take("secret", str, default="")
        if text and "algorithm" in body.members:
            body.wrong["algorithm"] = "wanted either algorithm or secret, which says its own, found both"
        overlap = body.number("overlap_seconds", 0, MAX_OVERLAP_SECONDS, default=OVERLAP_SECONDS)
        body.done()
        try:
            secret, public = rotate_signing(
                target, algorithm=Algorithm(algorithm), text=text, overlap_seconds=overlap
            )
        except SecretError as error:
            raise ValidationError({"secret": str(error)}) from error
        except BrokenSealError as error:
            raise Conflict(str(error)) from error
        signing = self.get_serializer(self.get_object()).data["signing"]
        # A pair's private half stays here: receivers need the public one. A given secret is known already.
        shown = None if text or public else secret
        answer = Response({"secret": shown, "public_key": public or None, "signing": signing})
        answer["Cache-Control"] = "no-store"
        return answer


def state_json(target: Target, state: TargetState, caller: Caller) -> dict[str, Any]:
    """Return a target's state, as far as the caller may see it: of all buses, or of theirs."""
    sees_all = caller.buses(Scope.EVENTS_READ) is None
    state = state_seen(target.pk, state, caller)
    return {
        "target": target.name,
        "enabled": target.enabled,
        "disabled_reason": target.disabled_reason,
        "paused": target.paused,
        "circuit": state.circuit,
        "opened_at": moment_of(state.opened_at),
        "next_probe_at": moment_of(state.next_probe_at),
        "failures_in_a_row": state.failures if sees_all else None,
        "in_flight": state.in_flight if sees_all else None,
        "pending": state.pending,
        "oldest_pending_at": moment_of(state.oldest_pending_at),
        "blocked_keys": state.blocked_keys,
        "blocked": [_blocked_json(one) for one in state.blocked],
    }


def _blocked_json(one: BlockedKey) -> dict[str, Any]:
    return {
        "key": one.key,
        "event_id": str(one.event_id),
        "delivery_id": one.delivery_id,
        "attempts": one.attempts,
        "due_at": moment_of(one.due_at),
    }


def result_json(result: Result, *, is_masked: bool = False) -> dict[str, Any]:
    """Return what came of one attempt; what was sent and answered is masked if anything of the event is."""
    shown = mask_message if is_masked else dict
    return {
        "decision": result.verdict.decision,
        "reason": mask_reason(result.verdict.reason) if is_masked else result.verdict.reason,
        "reason_class": result.verdict.fault,
        "status": result.status,
        "started_at": moment_of(result.started_at),
        "took_ms": (result.ended_at - result.started_at) / 1000,
        "phases": dict(result.phases),
        "request": shown(result.request),
        "response": shown(result.response),
    }
