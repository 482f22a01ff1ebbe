"""What ``--since`` may say."""

import re
from datetime import UTC, datetime, timedelta

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

HELP = "now (the default), so long ago (90s, 10m, 2h, 1d), a moment (2026-01-31T08:00:00Z), or an event's id"


def start_of(since: str, now: datetime) -> str:
    """Return the stream's starting point; what is not a duration is for the stream to read.

    >>> start_of("90s", datetime(2026, 1, 31, 8, tzinfo=UTC))
    '2026-01-31T07:58:30+00:00'
    >>> start_of("now", datetime(2026, 1, 31, tzinfo=UTC))
    'now'
    """
    ago = _AGO.fullmatch(since)
    if ago is None:
        return since
    try:
        return (now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).isoformat()
    except OverflowError:
        return datetime.min.replace(year=1970, tzinfo=UTC).isoformat()
