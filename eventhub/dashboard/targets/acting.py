"""What is done to a target from its page: stopped, let go on, probed, tested, its limits changed."""

import time
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from eventhub.access.caller import Caller
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.targets import page
from eventhub.dashboard.targets.figures import journal_here
from eventhub.dashboard.targets.limits_form import LimitsForm
from eventhub.dashboard.targets.visible import may_change
from eventhub.flow.configure import Switch, switch, take_effect
from eventhub.flow.testing import test_target
from eventhub.journal.port import JournalUnavailable
from eventhub.models import Target, record_action
from eventhub.targets.verdict import Decision

_DONE = {
    Switch.ENABLE: "is enabled: its deliveries go on",
    Switch.DISABLE: "is disabled: its deliveries wait",
    Switch.PAUSE: "is held: its deliveries wait",
    Switch.RESUME: "is resumed: its deliveries go on",
}
PROBE = "probe"


@require_POST
@login_required
def act(request: HttpRequest, pk: int, action: str) -> HttpResponse:
    """Pause, resume, enable, disable or probe a target."""
    target, _caller = _changeable(request, pk)
    if action == PROBE:
        _probe(request, target)
    elif action in set(Switch):
        switch(target, Switch(action))
        messages.success(request, f"{target.name} {_DONE[Switch(action)]}.")
    else:
        raise Http404(f"a target cannot be {action!r:.40}: wanted {', '.join([*Switch, PROBE])}")
    return HttpResponseRedirect(f"/targets/{pk}")


@require_POST
@login_required
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one attempt now, and show what came of it in place; nothing is recorded."""
    target, caller = _changeable(request, pk)
    result = test_target(target)
    context: dict[str, Any] = {
        "target": target,
        "result": result,
        "result_ms": (result.ended_at - result.started_at) / 1000,
        "is_taken": result.verdict.decision is Decision.DELIVERED,
    }
    return page.whole(request, target, caller, **context)


test.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test


@require_POST
@login_required
def limits(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a target's limits; what will not do is said beside its field."""
    target, caller = _changeable(request, pk)
    form = LimitsForm(request.POST, instance=target)
    if not form.is_valid():
        # The instance has taken what was typed: the page shows what is in force.
        return page.whole(request, page.found(pk, caller), caller, status=400, form=form)
    with transaction.atomic():
        changed = form.save_changed()
        take_effect()
    if changed:
        messages.success(request, f"Changed: {', '.join(changed)}. It is in force now.")
    else:
        messages.info(request, "Nothing was changed.")
    return HttpResponseRedirect(f"/targets/{pk}")


def _probe(request: HttpRequest, target: Target) -> None:
    journal = journal_here()
    try:
        with transaction.atomic():
            hastened = journal is not None and journal.hasten_probe(target.pk, now=time.time_ns() // 1000)
            if hastened:
                record_action("target", target.pk, target.name, "probed")
    except JournalUnavailable as error:
        messages.error(request, f"Not done: the journal cannot be written now: {error}.")
        return
    if hastened:
        messages.success(request, f"The next delivery to {target.name} that is due goes as a probe at once.")
    else:
        messages.warning(request, "There is nothing to probe: the circuit is not open, or probed already.")


def _changeable(request: HttpRequest, pk: int) -> tuple[Target, Caller]:
    caller = reader(request)
    target = page.found(pk, caller)
    if not may_change(caller, target):
        raise PermissionDenied("an editor of every bus changes targets")
    return target, caller
