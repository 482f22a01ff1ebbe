"""What the application believes of a request that came through a proxy, and who answers it."""

from ipaddress import ip_network
from typing import Any

import pytest
from pytest_django import Settings

from eventhub import asgi
from eventhub.api.cloudevents import cloudevents
from eventhub.api.eventbridge import eventbridge
from eventhub.api.ingest import ingest


def seen(client: str, *, kind: str = "http", forwarded_for: str = "", proto: str = "") -> tuple[str, str]:
    """Return the client and scheme that the application sees."""
    scope: dict[str, Any] = {
        "type": kind,
        "scheme": "http",
        "client": [client, 5000],
        "headers": [(b"x-forwarded-for", forwarded_for.encode()), (b"x-forwarded-proto", proto.encode())],
    }
    scope = asgi.behind_proxy(scope)
    return scope["client"][0], scope["scheme"]


@pytest.fixture(autouse=True)
def _proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]


def test_trusted_proxy_names_client_and_scheme() -> None:
    assert seen("10.0.0.1", forwarded_for="203.0.113.9", proto="https") == ("203.0.113.9", "https")
    assert seen("10.0.0.1", kind="websocket", forwarded_for="203.0.113.9", proto="https")[1] == "wss"


def test_anybody_else_is_not_believed() -> None:
    assert seen("203.0.113.9", forwarded_for="10.0.0.1", proto="https") == ("203.0.113.9", "http")


def test_what_the_client_wrote_before_the_proxies_does_not_count() -> None:
    assert seen("10.0.0.1", forwarded_for="1.1.1.1, 203.0.113.9, 10.0.0.2")[0] == "203.0.113.9"
    assert seen("10.0.0.1", forwarded_for="1.1.1.1, nonsense")[0] == "10.0.0.1"


def test_requests_find_their_doors() -> None:
    assert asgi.door("POST", "/") is eventbridge
    assert asgi.door("POST", "/api/buses/default/events") is ingest
    assert asgi.door("POST", "/api/buses/default/cloudevents") is cloudevents
    for method, path in [("GET", "/"), ("GET", "/api/buses/a/events"), ("POST", "/api/buses/a/b/events")]:
        assert asgi.door(method, path) is asgi.pages
