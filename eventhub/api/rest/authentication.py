"""Who calls: a program with a key, or a person with a session."""

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from eventhub.access.caller import Caller, caller_of_user
from eventhub.access.keys import bearer


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer <id>.<secret>``; a request without that header may have a session instead."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Caller] | None:
        """Return the key's caller as ``request.auth``, or None if no credentials were sent."""
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        caller = bearer(header)
        if caller is None:
            # One text for every reason: a wrong secret must not tell that the key exists.
            raise AuthenticationFailed(
                "wanted 'Authorization: Bearer <key id>.<secret>' of a key that is enabled and not expired"
            )
        if wait := caller.wait_seconds():
            raise Throttled(wait, "Wanted at most the requests a second that this key has")
        return AnonymousUser(), caller

    def authenticate_header(self, _request: Request) -> str:
        """Return what a 401 asks for."""
        return 'Bearer realm="eventhub"'


def caller_of(request: Request) -> Caller | None:
    """Return who makes the request; None if nobody proved to be anybody."""
    return request.auth if isinstance(request.auth, Caller) else caller_of_user(request.user)
