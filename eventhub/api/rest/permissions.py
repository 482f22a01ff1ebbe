"""Whether the caller may."""

from typing import TYPE_CHECKING

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


def verified(request: Request) -> Caller:
    """Return the caller of a request that passed the permission."""
    caller = caller_of(request)
    assert caller is not None  # ScopePermission saw to it
    return caller


def refuse_limited(request: Request, what: str) -> None:
    """Refuse a key that is limited to buses, for ``what`` reaches beyond them."""
    if verified(request).bus_ids is not None:
        raise PermissionDenied(f"a key that is limited to buses cannot change {what}")
