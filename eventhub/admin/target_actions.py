"""What can be done to one target from its page: test it, switch it, give it another signing secret."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from eventhub.access.caller import Caller
from eventhub.flow.configure import Algorithm, Switch, rotate_signing, switch
from eventhub.flow.process import NotRunningError, parts
from eventhub.flow.state_seen import state_seen
from eventhub.flow.testing import test_target
from eventhub.journal.limits import TargetState
from eventhub.models import Target
from eventhub.models.signing import OVERLAP_SECONDS

_DONE = {
    Switch.ENABLE: "enabled",
    Switch.DISABLE: "disabled",
    Switch.PAUSE: "paused",
    Switch.RESUME: "resumed",
}


def state_of(target: Target, caller: Caller) -> TargetState:
    """Return how a target fares, as far as the caller may see; a process without a role knows nothing."""
    try:
        state = parts().journal.target_states().get(target.pk, TargetState())
        return state_seen(target.pk, state, caller)
    except NotRunningError:
        return TargetState()


class TargetActions:
    """Views for ``TargetAdmin``; each is a POST by somebody who may change the target."""

    def test_view(self: Any, request: HttpRequest, pk: int) -> HttpResponse:
        """Make one attempt now and show what came of it."""
        target = _target(self, request, pk)
        if isinstance(target, HttpResponse):
            return target
        context = self.admin_site.each_context(request) | {
            "title": f"Test of {target.name}",
            "opts": self.opts,
            "target": target,
            "result": test_target(target),
        }
        return TemplateResponse(request, "admin/eventhub/target/tested.html", context)

    def switch_view(self: Any, request: HttpRequest, pk: int, how: str) -> HttpResponse:
        """Enable, disable, pause or resume."""
        target = _target(self, request, pk)
        if isinstance(target, HttpResponse):
            return target
        if how not in set(Switch):
            raise Http404
        switch(target, Switch(how))
        self.log_change(request, target, f"{_DONE[Switch(how)].capitalize()}.")
        self.message_user(request, f"{target.name} is {_DONE[Switch(how)]}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:eventhub_target_change", args=[pk]))

    def rotate_view(self: Any, request: HttpRequest, pk: int) -> HttpResponse:
        """Make another signing secret and show it, this once."""
        target = _target(self, request, pk)
        if isinstance(target, HttpResponse):
            return target
        if target.kind != Target.Kind.WEBHOOK:
            raise Http404
        pair = request.POST.get("algorithm") == Algorithm.V1A
        secret, public = rotate_signing(
            target, algorithm=Algorithm.V1A if pair else Algorithm.V1, overlap_seconds=OVERLAP_SECONDS
        )
        self.log_change(request, target, "Gave it another signing secret.")
        context = self.admin_site.each_context(request) | {
            "title": "The secret is made",
            "opts": self.opts,
            "target": target,
            # Of a pair the private half stays here.
            "secret": "" if public else secret,
            "public": public,
        }
        return TemplateResponse(request, "admin/eventhub/target/rotated.html", context)


def _target(admin: Any, request: HttpRequest, pk: int) -> Target | HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    target = Target.objects.filter(pk=pk).first()
    if target is None:
        raise Http404
    if not admin.has_change_permission(request, target):
        raise PermissionDenied
    return target
