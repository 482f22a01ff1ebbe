"""Reaching a host: whether its addresses may be connected to, and whether something listens there.

Nothing is sent, so a receiver that is there notices a connection at most.
"""

import socket

from eventhub.targets.kind import CallError, Guard
from eventhub.targets.pinned import resolve


def unreached(host: str, port: int, guard: Guard, *, seconds: float) -> str:
    """Connect to a host and hang up; return why that is not possible, or nothing. Looks the name up first."""
    try:
        address = resolve(host, port, guard)
    except CallError as error:
        return error.verdict.reason
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return ""
    except TimeoutError:
        return f"{host}:{port} did not take a connection within {seconds:g} s"
    except OSError as error:
        return f"{host}:{port} takes no connection: {error.strerror or error}"
