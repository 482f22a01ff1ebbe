"""The ASGI application: the doors that take events and the live socket first, everything else to Django.

Django's own handling of a request costs several times what accepting an event does, so what is hot is
dispatched on method and path here. The application knows no server: daphne, uvicorn and tests run it alike.
"""

import ipaddress
import os
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eventhub.settings")
pages = get_asgi_application()

from eventhub.api.cloudevents import cloudevents  # noqa: E402 - these need Django set up
from eventhub.api.eventbridge import eventbridge  # noqa: E402
from eventhub.api.health import healthz, readyz  # noqa: E402
from eventhub.api.ingest import ingest  # noqa: E402
from eventhub.api.stream import stream  # noqa: E402
from eventhub.dashboard.static_files import PREFIX, static_file  # noqa: E402
from eventhub.live.consumers import LiveConsumer  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_API, _BUSES = "/api/", "/api/buses/"
# What is done with a bus, by method and the last part of the path.
_HOT = {("POST", "events"): ingest, ("POST", "cloudevents"): cloudevents, ("GET", "stream"): stream}
_live = LiveConsumer.as_asgi()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request or socket."""
    if settings.TRUSTED_PROXIES:
        scope = behind_proxy(scope)
    if scope["type"] == "http":
        path = slashes_kept(scope)
        answering = door(scope["method"], path)
        await answering(scope | {"path": path} if answering is pages else scope, receive, send)
    elif scope["type"] == "websocket" and scope["path"] == "/ws/live":
        await _live(scope, receive, send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})  # before acceptance: 403


def door(method: str, path: str) -> Callable[..., Awaitable[None]]:
    """Return who answers a request."""
    if method == "POST" and path == "/":
        return eventbridge
    if path.startswith(_BUSES) and path.count("/") == 4:
        hot = _HOT.get((method, path.rpartition("/")[2]))
        if hot is not None:
            return hot
    if path.startswith(PREFIX):
        return static_file
    # Asked by address and in plain HTTP, whatever the public name: not through Django's checks of both.
    if path == "/healthz":
        return healthz
    if path == "/readyz":
        return readyz
    return pages


def slashes_kept(scope: Scope) -> str:
    """Return the path of a request, with ``%2F`` where it has that: a slash in the name of a bus.

    >>> slashes_kept({"path": "/api/buses/a/b", "raw_path": b"/api/buses/a%2fb"})
    '/api/buses/a%2Fb'
    """
    path: str = scope["path"]
    raw = scope.get("raw_path") or b""
    if not path.startswith(_API) or b"%2f" not in raw.lower():
        return path
    return "%2F".join(unquote(part) for part in re.split("%2[fF]", raw.decode("latin-1")))


def behind_proxy(scope: Scope) -> Scope:
    """Return the scope with the client and scheme that a trusted proxy reports; others are not believed.

    The client is the last address in X-Forwarded-For that is not itself a trusted proxy: what stands before
    it was written by the client.
    """
    if not scope.get("client") or not _is_trusted(scope["client"][0]):
        return scope
    named = ((name, value) for name, value in scope["headers"] if name.startswith(b"x-forwarded-"))
    forwarded = {name: value.decode("latin-1") for name, value in named}
    seen = dict(scope)
    if scheme := forwarded.get(b"x-forwarded-proto", "").strip().lower():
        secure = scheme == "https"
        seen["scheme"] = {"http": ["http", "https"], "websocket": ["ws", "wss"]}[scope["type"]][secure]
    client = _client(part.strip() for part in reversed(forwarded.get(b"x-forwarded-for", "").split(",")))
    if client:
        seen["client"] = [client, 0]
    return seen


def _client(hops: Iterable[str]) -> str:
    furthest = ""
    for hop in hops:
        try:
            ipaddress.ip_address(hop)
        except ValueError:
            break
        furthest = hop
        if not _is_trusted(hop):
            break
    return furthest


def _is_trusted(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in settings.TRUSTED_PROXIES)
