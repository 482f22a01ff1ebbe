"""What an attempt sent and what it got, as it was kept."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eventhub.domain.mask import MARK, mask_message
from eventhub.journal.rows import AttemptRow

_OF_REQUEST = {"method", "url", "headers", "body", "bytes", "cut"}
_OF_RESPONSE = {"status", "reason", "headers", "body", "body_base64", "cut"}
_BEGINNING = 32  # bytes of a body that is no text


@dataclass(frozen=True, slots=True)
class Exchange:
    """One attempt's request and response; ``…_others`` is what kinds keep that do not speak HTTP."""

    request: Mapping[str, Any]
    response: Mapping[str, Any]
    request_headers: list[tuple[str, str]]
    request_others: list[tuple[str, str]]
    response_headers: list[tuple[str, str]]
    response_others: list[tuple[str, str]]
    response_body: str

    @property
    def retry_after(self) -> str:
        """Return what the receiver asked for in ``Retry-After``; empty if it did not, or it is masked."""
        found = next((value for name, value in self.response_headers if name.lower() == "retry-after"), "")
        return "" if found == MARK else found


def exchange_of(row: AttemptRow, *, is_masked: bool) -> Exchange:
    """Return what was sent and answered; masked if anything of the event is."""
    request, response = json.loads(row.request), json.loads(row.response)
    if is_masked:
        request, response = mask_message(request), mask_message(response)
    return Exchange(
        request=request,
        response=response,
        request_headers=_members(request.get("headers")),
        request_others=_others(request, _OF_REQUEST),
        response_headers=_members(response.get("headers")),
        response_others=_others(response, _OF_RESPONSE),
        response_body=_body(response),
    )


def _body(response: Mapping[str, Any]) -> str:
    body = response.get("body", "")
    if body or not response.get("body_base64"):
        return body if isinstance(body, str) else json.dumps(body)
    if response["body_base64"] == MARK:
        return MARK
    raw = base64.b64decode(response["body_base64"])
    return f"{len(raw)} bytes that are not text, beginning {raw[:_BEGINNING].hex(' ')}"


def _members(given: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in dict(given or {}).items()]


def _others(message: Mapping[str, Any], known: set[str]) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        for name, value in message.items()
        if name not in known
    ]
