"""For the audit trail: on whose behalf a request to Django changes things, and through which door it came."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from eventhub.access.caller import Caller, caller_of_user
from eventhub.access.scopes import Scope
from eventhub.models import AuditEntry, Door, doing

_DOORS = (("/admin/", Door.ADMIN), ("/api/", Door.REST))


@sync_and_async_middleware
def trail_middleware(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Say for the time of a request who makes it; they are looked up only if something is recorded."""
    if iscoroutinefunction(get_response):
        answer = cast("Callable[[HttpRequest], Awaitable[HttpResponseBase]]", get_response)

        async def middleware(request: HttpRequest) -> HttpResponseBase:
            with doing(lambda: who_of(request), door_of(request.path)):
                return await answer(request)

        return middleware

    def sync_middleware(request: HttpRequest) -> HttpResponseBase:
        with doing(lambda: who_of(request), door_of(request.path)):
            response: HttpResponseBase = get_response(request)
            return response

    return sync_middleware


def door_of(path: str) -> Door:
    """Return the door that an address belongs to.

    >>> door_of("/api/rules/7").value
    'rest'
    """
    return next((door for prefix, door in _DOORS if path.startswith(prefix)), Door.PAGES)


def may_take_back(caller: Caller, entry: AuditEntry) -> bool:
    """Tell whether a caller who administers the entry's bus may take its change back.

    Making and deleting a whole bus is for who may do so directly: on every bus.
    """
    is_whole = entry.before is None or entry.after is None
    return caller.may_everywhere(Scope.RULES_WRITE) if entry.kind == "bus" and is_whole else True


def who_of(request: HttpRequest) -> str:
    """Return who makes a request, as changes record them."""
    # The framework notes a key's caller on the request that it wraps.
    given = getattr(request, "auth", None)
    caller = given if isinstance(given, Caller) else caller_of_user(request.user)
    return caller.who if caller else "nobody"
