"""Sensitive fields in streams: masked for who may not see them; nothing that is asked may be about them."""

from collections.abc import Collection

from django.db import close_old_connections

from eventhub.access.caller import Caller
from eventhub.access.sensitive import masked_paths
from eventhub.api.gate import RefusedError
from eventhub.api.stream.asked import Asked
from eventhub.domain.mask import is_masked
from eventhub.flow.find import asks_for_masked


def masked_now(caller: Caller, bus_id: int) -> tuple[str, ...]:
    """Return the paths that are masked for a caller; asks the database, in a thread of the streams."""
    close_old_connections()
    try:
        return masked_paths(caller, bus_id)
    finally:
        close_old_connections()


def check_asked(asked: Asked, masked: Collection[str]) -> None:
    """Refuse (403) to ask about what is masked: which events pass would tell what is there."""
    if not masked:
        return
    if why := asks_for_masked(asked.filter.node, masked):
        raise RefusedError(403, "forbidden", f"q: {why}.")
    for one in asked.pattern.fields if asked.pattern is not None else ():
        if is_masked(one.path, masked):
            message = f"{one.path} is masked for you: leave it out of the pattern"
            raise RefusedError(403, "forbidden", f"pattern: {message}.")
