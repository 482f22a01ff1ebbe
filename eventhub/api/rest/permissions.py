"""Whether the caller may."""

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.rest.authentication import caller_of

if TYPE_CHECKING:  # the framework imports this module while it makes its views
    from rest_framework.views import APIView


class ScopePermission(BasePermission):
    """Holds a view's ``reads`` and ``writes`` against the caller's scopes; a view without: ``admin``."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return False (a 401) for nobody; raise PermissionDenied naming the scope that is missing."""
        caller = caller_of(request)
        if caller is None:
            return False
        scope: Scope = getattr(view, "reads" if request.method in SAFE_METHODS else "writes", Scope.ADMIN)
        if not caller.may(scope):
            raise PermissionDenied(f"this needs the scope {scope}")
        return True

    def has_object_permission(self, request: Request, view: "APIView", obj: Any) -> bool:
        """Raise PermissionDenied if the row lies on a bus where the caller may not do this."""
        bus_id = view.bus_of(obj) if hasattr(view, "bus_of") else None
        scope: Scope = getattr(view, "reads" if request.method in SAFE_METHODS else "writes", Scope.ADMIN)
        if bus_id is not None:
            require(request, scope, bus_id)
        return True


def verified(request: Request) -> Caller:
    """Return the caller of a request that passed the permission."""
    caller = caller_of(request)
    assert caller is not None  # ScopePermission saw to it
    return caller


def require(request: Request, scope: Scope, bus_id: int) -> None:
    """Refuse a caller who may see a bus and not do this there."""
    if not verified(request).may(scope, bus_id):
        raise PermissionDenied(f"this needs the scope {scope} on the bus")


def refuse_limited(request: Request, what: str, scope: Scope = Scope.RULES_WRITE) -> None:
    """Refuse who may do this on some buses only, for ``what`` reaches beyond them."""
    if not verified(request).may_everywhere(scope):
        raise PermissionDenied(
            f"this needs the scope {scope} on every bus: who is limited to buses cannot change {what}"
        )
