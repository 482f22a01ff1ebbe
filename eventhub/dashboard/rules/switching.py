"""Enabling and disabling rules, one or several at once, from whichever page."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.dashboard.permitted import reader
from eventhub.flow.configure import switch_rule
from eventhub.models import Rule

_NAMED = 5  # in what is said of many


@require_POST
@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Enable or disable (``to``) the rules whose ``id`` is given, those that the person may change."""
    caller = reader(request)
    if not caller.may(Scope.RULES_WRITE):
        raise PermissionDenied("you may change no rule")
    enabled = request.POST.get("to") == "enabled"
    pks = [int(text) for text in request.POST.getlist("id") if text.isascii() and text.isdigit()]
    rules = seen.on_buses(Rule.objects.filter(pk__in=pks), caller, Scope.RULES_WRITE)
    with transaction.atomic():
        changed = list(rules.filter(enabled=not enabled).select_for_update(of=("self",)))
        for rule in changed:
            switch_rule(rule, enabled=enabled, by=caller.who)
    if changed:
        names = ", ".join(rule.name for rule in changed[:_NAMED])
        more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        messages.success(request, f"{'Enabled' if enabled else 'Disabled'}: {names}{more}.")
    elif pks:
        messages.info(request, f"They were {'enabled' if enabled else 'disabled'} already.")
    else:
        messages.warning(request, "Select the rules first.")
    return HttpResponseRedirect(_back(request))


def _back(request: HttpRequest) -> str:
    """Return where the person was: an address of the rules' pages, no other."""
    asked = urlsplit(request.POST.get("back", ""))
    is_ours = not asked.scheme and not asked.netloc and asked.path.startswith("/rules")
    return asked.geturl() if is_ours else "/rules"
