"""Spans of the recent past as pages show them, and the journal that knows them."""

from eventhub.flow.process import NotRunningError, parts
from eventhub.journal.looking_back import Past
from eventhub.journal.port import Journal
from eventhub.journal.rolling import Grain

MINUTES, HOURS = 60, 24


def journal_here() -> Journal | None:
    """Return the journal of this process, or None outside a role: then a page shows what is configured."""
    try:
        return parts().journal
    except NotRunningError:
        return None


def last_minute(now: int) -> Past:
    """Return the 60 seconds before ``now`` (seconds since 1970), at once."""
    return Past(now - 60, now, Grain.SECOND)


def last_hour(now: int, *, step: int | None = None) -> Past:
    """Return the last 60 minutes of the clock; the last one is the present one, so far.

    >>> last_hour(7_230, step=60)
    Past(since=3660, until=7231, grain=<Grain.MINUTE: 60>, step=60)
    """
    return Past(now - now % 60 - (MINUTES - 1) * 60, now + 1, Grain.MINUTE, step)


def last_day(now: int) -> Past:
    """Return the last 24 hours of the clock, at once; the last one is the present one, so far."""
    return Past(now - now % 3600 - (HOURS - 1) * 3600, now + 1, Grain.HOUR)
