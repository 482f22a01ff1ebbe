"""Whose stream it is: by key or by the session of a page, at its beginning and while it goes on."""

import asyncio

from django.conf import settings
from django.http import parse_cookie

from eventhub.access.caller import Caller
from eventhub.access.keys import ring
from eventhub.access.scopes import Scope
from eventhub.api import gate
from eventhub.api.gate import RefusedError
from eventhub.live.consumers import caller_of_session

KEY_SECONDS = 1.0  # how often a key is looked at again: in memory
SESSION_SECONDS = 10.0  # and a session: in the database

Headers = dict[bytes, bytes]


async def caller_of(headers: Headers) -> Caller:
    """Return who asks for a stream; raises RefusedError (401, 429)."""
    return await _caller_of_session(headers) or await gate.authenticate(headers)


async def who_still_may(headers: Headers, bus_id: int) -> Caller | None:
    """Return the caller, as they are now, if they may still read the bus. Counts no request of the key's."""
    caller = await _caller_of_session(headers)
    if caller is None:
        caller = await ring.bearer_async(headers.get(b"authorization", b"").decode("latin-1"))
    return caller if caller is not None and caller.may(Scope.EVENTS_READ, bus_id) else None


def recheck_seconds(headers: Headers) -> float:
    """Return after how long to ask ``who_still_may`` again."""
    return SESSION_SECONDS if _session_key(headers) else KEY_SECONDS


def check_may(caller: Caller, bus_id: int | None) -> int:
    """Return the bus's id; raises RefusedError (403, 404) unless the caller may read it."""
    if not caller.may(Scope.EVENTS_READ):
        raise RefusedError(403, "forbidden", f"This key lacks the scope {Scope.EVENTS_READ}.")
    # Who may not see a bus is not told that it is there.
    if bus_id is None or not caller.may(Scope.EVENTS_READ, bus_id):
        raise RefusedError(404, "not-found", "There is no bus of this name.")
    return bus_id


async def _caller_of_session(headers: Headers) -> Caller | None:
    key = _session_key(headers)
    return await asyncio.to_thread(caller_of_session, key) if key else None


def _session_key(headers: Headers) -> str:
    if b"authorization" in headers or b"cookie" not in headers:
        return ""
    cookies = parse_cookie(headers[b"cookie"].decode("latin-1"))
    return cookies.get(settings.SESSION_COOKIE_NAME, "")
