"""Calling the REST resources."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import Bus, Role
from tests.people import person


@dataclass
class Api:
    """A caller of the API; bodies are JSON values, or bytes as they are."""

    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Return the response of a request to ``/api`` + path."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"content_type": "application/json"} | headers
        return self.client.generic(method, "/api" + path, data, headers=self.headers, **headers)


def assert_problem(response: HttpResponse, status: int) -> dict[str, Any]:
    """Assert the one shape of errors; return the document."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(response.content)
    assert set(document) == {"type", "title", "status", "detail", "errors"}
    assert document["status"] == status
    assert document["type"].startswith("urn:eventhub:problem:")
    return document


@pytest.fixture
def key_api(request: pytest.FixtureRequest) -> Callable[..., Api]:
    """Make callers with a key of these scopes and buses."""

    def make(*scopes: Scope, buses: tuple[Bus, ...] = ()) -> Api:
        key, secret = mint("test", scopes, buses=buses)
        return Api(headers={"Authorization": f"Bearer {key.pk}.{secret}"})

    return make


@pytest.fixture
def session_api() -> Callable[..., Api]:
    """Make callers with a session."""

    def make(*, staff: bool) -> Api:
        user = person(f"staff-{staff}", Role.ADMINISTRATOR if staff else Role.VIEWER)
        api = Api()
        api.client.force_login(user)
        return api

    return make


@pytest.fixture
def api(key_api: Callable[..., Api], request: pytest.FixtureRequest) -> Api:
    """Return a caller who may do everything."""
    request.getfixturevalue("db")
    return key_api(Scope.ADMIN)
