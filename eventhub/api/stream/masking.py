"""Sensitive fields in streams: masked for who may not see them, and no pattern may ask about them."""

from collections.abc import Collection

from django.db import close_old_connections

from eventhub.access.caller import Caller
from eventhub.access.sensitive import masked_paths
from eventhub.api.gate import RefusedError
from eventhub.domain.mask import is_masked
from eventhub.domain.pattern import Pattern


def masked_now(caller: Caller, bus_id: int) -> tuple[str, ...]:
    """Return the paths that are masked for a caller; asks the database, in a thread of the streams."""
    close_old_connections()
    try:
        return masked_paths(caller, bus_id)
    finally:
        close_old_connections()


def check_pattern(pattern: Pattern | None, masked: Collection[str]) -> None:
    """Refuse (403) a pattern that asks about what is masked: which events match would tell what is there."""
    if pattern is None or not masked:
        return
    for one in pattern.fields:
        if is_masked(one.path, masked):
            message = f"{one.path} is masked for you: leave it out of the pattern"
            raise RefusedError(403, "forbidden", f"pattern: {message}.")
