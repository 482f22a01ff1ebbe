"""A rule's history: what each version changed, and going back to one."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from eventhub.access.scopes import Scope
from eventhub.dashboard.permitted import reader
from eventhub.dashboard.rules.found import rule_seen
from eventhub.domain.difference import Difference, differences
from eventhub.flow.versions import VersionRefusedError, roll_back_to, state_of_version
from eventhub.models import Rule, RuleVersion

SHOWN, PER_PAGE = 5, 50
_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A version, and what is different from the one before it; ``is_first`` has none before."""

    version: RuleVersion
    differences: list[Difference]
    is_first: bool
    is_newest: bool


def versions_of(rule: Rule, most: int, *, before: int | None = None) -> tuple[list[VersionShown], int | None]:
    """Return the newest versions, and the number below which there are more, None if there are not."""
    rows = rule.versions.order_by("-number")
    newest = rows.values_list("number", flat=True).first()
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows[: most + 1])
    shown = []
    for place, version in enumerate(found[:most]):
        older = found[place + 1] if place + 1 < len(found) else None
        changed = differences(state_of_version(older), state_of_version(version)) if older else []
        shown.append(VersionShown(version, changed, older is None, version.number == newest))
    return shown, shown[-1].version.number if len(found) > most else None


@require_safe
@login_required
def versions(request: HttpRequest, pk: int) -> HttpResponse:
    """List the versions of a rule, the newest first, from ``?before=`` down."""
    caller = reader(request)
    rule = rule_seen(pk, caller)
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
    shown, more = versions_of(rule, PER_PAGE, before=before)
    context = {
        "page": "rules",
        "rule": rule,
        "versions": shown,
        "older": f"?before={more}" if more else "",
        "newest": "?" if before else "",
        "may_change": caller.may(Scope.RULES_WRITE, rule.bus_id),
    }
    return render(request, "rules/versions.html", context)


@require_POST
@login_required
def roll_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a rule what it was in the version ``number``, as a new version."""
    caller = reader(request)
    rule = rule_seen(pk, caller)
    if not caller.may(Scope.RULES_WRITE, rule.bus_id):
        raise PermissionDenied(f"you may not change rules on bus {rule.bus.name}")
    text = request.POST.get("number", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0
    try:
        rolled = roll_back_to(rule, number, caller)
    except VersionRefusedError as error:
        messages.error(request, f"Not rolled back: {error}.")
    else:
        said = f"The rule is what it was in version {number}, as version {rolled.number}."
        messages.success(request, said)
    return HttpResponseRedirect(f"/rules/{pk}")
