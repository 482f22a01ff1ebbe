"""Durations and moments as people write them."""

import re
from datetime import UTC, datetime, timedelta

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(us|ms|s|m|h|d|)")
_UNITS = {"us": 1, "ms": 1000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_AGO = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def duration(text: str) -> int | None:
    """Return a duration in microseconds; without a unit they are milliseconds. None if it is none.

    >>> duration("500ms"), duration("1.5s"), duration("20"), duration("soon")
    (500000, 1500000, 20000, None)
    """
    found = _DURATION.fullmatch(text)
    return None if found is None else round(float(found[1]) * _UNITS[found[2] or "ms"])


def ago(text: str) -> int | None:
    """Return how long ago, in microseconds; None if it is not said so.

    >>> ago("15m"), ago("15")
    (900000000, None)
    """
    found = _AGO.fullmatch(text)
    return None if found is None else int(found[1]) * _UNITS[found[2]]


def moment(text: str) -> int | None:
    """Return a moment of RFC 3339 in microseconds since 1970; a day alone is its beginning, no zone is UTC.

    >>> moment("1970-01-02"), moment("1970-01-01T00:00:01.5Z"), moment("1970-01-01T01:00+01:00")
    (86400000000, 1500000, 0)
    >>> moment("yesterday")
    """
    if not text.isascii() or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:$|[Tt ][0-9]{2}:)", text):
        return None
    try:
        read = datetime.fromisoformat(text.upper())
        return ((read if read.tzinfo else read.replace(tzinfo=UTC)) - _EPOCH) // MICROSECOND
    except (ValueError, OverflowError):
        return None
