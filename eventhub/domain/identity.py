"""Event ids: UUIDs of version 7 (RFC 9562, section 5.7), which sort by the moment of acceptance."""

from uuid import UUID


def event_id(accepted_ms: int, random_bits: int) -> UUID:
    """Return the UUIDv7 of a moment (milliseconds since 1970) and 74 random bits.

    >>> str(event_id(0x0192F3C7A1B2, 0))
    '0192f3c7-a1b2-7000-8000-000000000000'
    """
    high = (accepted_ms & (2**48 - 1)) << 80
    return UUID(
        int=high | 0x7 << 76 | (random_bits >> 62 & 0xFFF) << 64 | 0b10 << 62 | random_bits & (2**62 - 1)
    )


def earliest_id(accepted_ms: int) -> UUID:
    """Return what no event's id of this moment (milliseconds since 1970) or later lies before.

    >>> str(earliest_id(0x0192F3C7A1B2))
    '0192f3c7-a1b2-0000-0000-000000000000'
    """
    return UUID(int=(accepted_ms & (2**48 - 1)) << 80)


def accepted_ms(identifier: UUID) -> int:
    """Return the moment (milliseconds since 1970) that a UUIDv7 carries.

    >>> hex(accepted_ms(UUID("0192f3c7-a1b2-7000-8000-000000000000")))
    '0x192f3c7a1b2'
    """
    return identifier.int >> 80
