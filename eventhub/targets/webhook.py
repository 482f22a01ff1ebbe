"""The webhook kind: an HTTP POST of the envelope."""

import base64
from collections.abc import Mapping
from uuid import UUID

from eventhub import __version__
from eventhub.targets.http import Reply, Request
from eventhub.targets.verdict import Verdict, of_fault, of_status

_FIXED = (
    "Content-Type: application/json",
    f"User-Agent: Eventhub/{__version__}",
    "Expect:",  # an empty value keeps libcurl from asking before it sends more than 1 MiB
)
_SHOWN = dict(line.split(": ", 1) for line in _FIXED if ": " in line)


def webhook_id(event_id: UUID, delivery_id: int) -> str:
    """Return the id by which a receiver knows a delivery again: the same in every attempt.

    Delivery numbers begin anew with a new journal, and receivers remember; hence the event's id in it.
    """
    return f"{event_id}-{delivery_id}"


def request(url: str, body: bytes, *, identifier: str, timeout_seconds: float) -> Request:
    """Return the request of one attempt; ``body`` is the envelope."""
    return Request(url, [*_FIXED, f"webhook-id: {identifier}"], body, timeout_seconds)


def verdict(reply: Reply) -> Verdict:
    """Judge a reply."""
    if reply.fault is not None:
        return of_fault(reply.fault, reply.error)
    status, location = reply.status or 0, ""
    if 300 <= status < 400:
        location = next((value for name, value in reply.headers if name.lower() == "location"), "")
    return of_status(status, reply.reason, location)


def shown_request(url: str, size: int, identifier: str) -> Mapping[str, object]:
    """Return what an attempt keeps of a request: the body is the envelope, which the event already holds."""
    return {
        "method": "POST",
        "url": url,
        "headers": {**_SHOWN, "webhook-id": identifier},
        "body": "envelope",
        "bytes": size,
    }


def shown_response(reply: Reply) -> Mapping[str, object]:
    """Return what an attempt keeps of a reply: empty if nothing came; ``body_base64`` if it is not UTF-8."""
    if reply.status is None:
        return {}
    shown: dict[str, object] = {
        "status": reply.status,
        "reason": reply.reason,
        "headers": dict(reply.headers),
    }
    if reply.body:
        try:
            shown["body"] = reply.body.decode()
        except UnicodeDecodeError:
            if reply.cut:  # perhaps only the last character was cut through
                text = reply.body.decode(errors="ignore")
                if len(reply.body) - len(text.encode()) < 4:
                    shown["body"] = text
            if "body" not in shown:
                shown["body_base64"] = base64.b64encode(reply.body).decode()
    if reply.cut:
        shown["cut"] = True
    return shown
