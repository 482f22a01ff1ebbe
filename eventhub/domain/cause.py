"""What an event says of its cause: CloudEvents' common extensions for causation and correlation."""

from collections.abc import Mapping
from uuid import UUID

CAUSATION = "causationid"  # the id of the event that this one came of
CORRELATION = "correlationid"  # the same in all events of one undertaking


def cause_of(attributes: Mapping[str, object]) -> UUID | None:
    """Return the id of the event that is named as the cause; None if none is, or by another sort of id.

    Ids of ours are UUIDs; those that producers make may be any text, and name no event for certain.

    >>> cause_of({"causationid": "0198f0a4-7c1e-7d2c-9a0b-3f6f2a9d1c55"})
    UUID('0198f0a4-7c1e-7d2c-9a0b-3f6f2a9d1c55')
    >>> cause_of({"causationid": "order-17"}) is None
    True
    """
    said = attributes.get(CAUSATION)
    if not isinstance(said, str) or len(said) != 36:
        return None
    try:
        return UUID(said)
    except ValueError:
        return None
