"""Who reads a page, and what pages offer them. What they may do is asked in ``access``."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from eventhub.access import seen
from eventhub.access.caller import Caller, caller_of_user
from eventhub.access.scopes import Scope
from eventhub.models import Bus


@dataclass(frozen=True, slots=True)
class May:
    """What the pages' links depend on; templates find it as ``may``."""

    enter_admin: bool = False
    add_rules: bool = False
    add_targets: bool = False
    administer: bool = False


def may(request: HttpRequest) -> dict[str, May]:
    """Give every template ``may``."""
    user = getattr(request, "user", None)
    caller = None if user is None else caller_of_user(user)
    if caller is None:
        return {"may": May()}
    return {
        "may": May(
            enter_admin=not caller.has_no_role,
            add_rules=caller.may(Scope.RULES_WRITE),
            add_targets=caller.may_everywhere(Scope.RULES_WRITE),
            administer=caller.may(Scope.ADMIN),
        )
    }


def reader(request: HttpRequest) -> Caller:
    """Return who reads a page that asks to be signed in; raises PermissionDenied for who has no role."""
    caller = caller_of_user(request.user)
    if caller is None or caller.has_no_role:
        raise PermissionDenied("you have no role on any bus")
    return caller


def asked_bus(request: HttpRequest, caller: Caller) -> Bus | None:
    """Return the bus that ``?bus=`` names, None without it; raises Http404 if the caller sees no such bus."""
    name = request.GET.get("bus")
    if not name:
        return None
    bus = seen.buses(caller, Scope.EVENTS_READ).filter(name=name).first()
    if bus is None:
        raise Http404(f"there is no bus {name!r}")
    return bus
