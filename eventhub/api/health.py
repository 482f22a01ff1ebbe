"""``/healthz``: the process answers. ``/readyz``: it can do its work, or which part cannot and why.

Raw ASGI, for anybody, and nothing secret in it: load balancers and containers ask by address.
"""

import asyncio
import time
from typing import Any

import msgspec
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.db.utils import Error as DatabaseError

from eventhub.api import exchange
from eventhub.flow import process
from eventhub.journal.port import JournalUnavailable

_JSON = b"application/json"
_FRESH = ((b"cache-control", b"no-store"),)


async def healthz(_scope: exchange.Scope, _receive: exchange.Receive, send: exchange.Send) -> None:
    """Answer 200: this process runs and its event loop turns."""
    await exchange.answer(send, 200, _JSON, b'{"ok":true}', _FRESH)


async def readyz(_scope: exchange.Scope, _receive: exchange.Receive, send: exchange.Send) -> None:
    """Answer 200 with the figures of the databases, or 503 with the causes."""
    causes, figures = await asyncio.to_thread(_look)
    document = {"ready": not causes, "causes": causes, **figures}
    await exchange.answer(send, 503 if causes else 200, _JSON, msgspec.json.encode(document), _FRESH)


def _look() -> tuple[list[str], dict[str, Any]]:
    causes: list[str] = []
    figures: dict[str, Any] = {}
    try:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        causes.append(f"configuration database: {type(error).__name__}")  # its text may hold an address
    finally:
        close_old_connections()
    try:
        health = process.parts().journal.health()
    except (JournalUnavailable, process.NotRunningError) as error:
        causes.append(f"journal: {error}")
    except Exception as error:  # a driver's own, of a database that is away
        causes.append(f"journal: {type(error).__name__}")
    else:
        if not health.writable:
            causes.append(f"journal: {health.reason}")
        figures["journal"] = {
            "writable": health.writable,
            "size_bytes": health.size_bytes,
            "free_bytes": health.free_bytes,
            "unrouted": health.unrouted,
            "oldest_unrouted_seconds": _age(health.oldest_unrouted_at),
            "pending": health.pending,
            "oldest_pending_seconds": _age(health.oldest_pending_at),
            "horizon_age_seconds": round(health.horizon_age_seconds, 3),
            "horizon_holder": health.horizon_holder,
        }
    return causes, figures


def _age(at: int | None) -> float | None:
    return None if at is None else round(max(0.0, time.time() - at / 1e6), 3)
