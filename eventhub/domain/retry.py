"""When a delivery is tried again, and when it is given up: one policy for each target.

A policy bounds a delivery twice, by attempts and by the age of its event; whichever is used up first ends it.
Between the two stands the schedule: how long to wait after each failed attempt.

==================  ==========================================================  =============================
schedule            waits                                                       jitter
==================  ==========================================================  =============================
exponential         2 s, doubling up to 15 min, without end                     full: any part of the wait
standard-webhooks   5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h: the   up to a tenth on top
                    example of the Standard Webhooks specification
list                the operator's own, in seconds                              up to a tenth on top
==================  ==========================================================  =============================

A list is a promise to people, so its waits are not shortened; the tenth on top keeps deliveries that failed
together from coming back together. A list that is spent ends the delivery.

``Retry-After`` can only make a wait longer, as with EventBridge: a receiver that says "in one second" has not
seen our schedule. It is cut in two ways, so that a receiver alone cannot kill a delivery: to six hours, since
a longer one is mostly a wrong unit or a wrong clock, and one that is meant is simply said again; and to the
moment when the event becomes too old, if the schedule itself would still have tried before that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import StrEnum

from eventhub.domain.backoff import Backoff

DEFAULT_ATTEMPTS = 185
DEFAULT_AGE_SECONDS = 86_400
MAX_ATTEMPTS = 186  # EventBridge counts retries, up to 185 of them; the first attempt comes before
MIN_AGE_SECONDS = 60
MAX_AGE_SECONDS = 604_800  # seven days: as long as events are kept by default
MAX_WAITS = MAX_ATTEMPTS - 1
MAX_RETRY_AFTER_SECONDS = 21_600

STANDARD_WEBHOOKS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1  # of a listed wait
_MARGIN_SECONDS = 3_600  # what attempts themselves and a busy worker may take beside the waits of a list

_EXPONENTIAL = Backoff()
_MEMBERS = ("max_attempts", "max_age_seconds", "schedule")


class Schedule(StrEnum):
    """The schedules that have a name."""

    EXPONENTIAL = "exponential"  # EventBridge's manner
    STANDARD_WEBHOOKS = "standard-webhooks"  # ten attempts over three days


class RetryPolicyError(ValueError):
    """A stored or submitted policy is not one: where, what was wanted, what was found."""

    def __init__(self, path: str, wanted: str, found: str) -> None:
        super().__init__(f"{path}: wanted {wanted}, found {found}")
        self.path = path
        self.wanted = wanted
        self.found = found


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, how long and when a delivery is tried again. The defaults are EventBridge's.

    >>> RetryPolicy().stored()
    {'max_attempts': 185, 'max_age_seconds': 86400, 'schedule': 'exponential'}
    """

    max_attempts: int = DEFAULT_ATTEMPTS  # the first one counts
    max_age_seconds: int = DEFAULT_AGE_SECONDS  # after the event was accepted
    schedule: Schedule | tuple[float, ...] = Schedule.EXPONENTIAL

    def stored(self) -> dict[str, object]:
        """Return the policy as JSON can hold it; ``parse_policy`` reads it back."""
        schedule = str(self.schedule) if isinstance(self.schedule, Schedule) else list(self.schedule)
        return {
            "max_attempts": self.max_attempts,
            "max_age_seconds": self.max_age_seconds,
            "schedule": schedule,
        }

    def wait_seconds(self, attempts: int, dice: float) -> float | None:
        """Return the schedule's wait after so many failed attempts, or None once it is spent.

        ``dice`` is a random number from 0 to 1.

        >>> RetryPolicy(schedule=(10, 60)).wait_seconds(2, dice=0.5)
        63.0
        """
        if self.schedule is Schedule.EXPONENTIAL:
            return _EXPONENTIAL.wait_seconds(attempts, dice)
        if attempts < 1:
            raise ValueError(f"attempts: wanted 1 or more, found {attempts}")
        if not 0 <= dice <= 1:
            raise ValueError(f"dice: wanted 0 to 1, found {dice}")
        waits = _waits(self.schedule)
        return waits[attempts - 1] * (1 + JITTER * dice) if attempts <= len(waits) else None

    def spent(self, *, accepted_at: int, attempts: int, due_at: int | None) -> str:
        """Say what is used up after so many attempts, or "" if another may follow at ``due_at``."""
        if attempts >= self.max_attempts:
            return f"attempt {attempts} of {self.max_attempts} was the last"
        if due_at is None:
            return f"attempt {attempts} was the last of the schedule"
        if due_at > self.deadline(accepted_at):
            return (
                f"the next attempt would be later than {self.max_age_seconds} s after the event was accepted"
            )
        return ""

    def deadline(self, accepted_at: int) -> int:
        """Return the moment after which an event is too old, in microseconds."""
        return accepted_at + self.max_age_seconds * 1_000_000


def next_attempt_at(
    policy: RetryPolicy,
    *,
    accepted_at: int,
    attempts: int,
    now: int,
    dice: float,
    retry_after_seconds: float | None = None,
) -> int | None:
    """Return when to try again, or None if the delivery is to be given up (``RetryPolicy.spent`` says why).

    Moments in microseconds; ``attempts`` have failed, the last of them ``now``; ``dice`` from 0 to 1.

    >>> policy = RetryPolicy(schedule=Schedule.STANDARD_WEBHOOKS, max_age_seconds=MAX_AGE_SECONDS)
    >>> next_attempt_at(policy, accepted_at=0, attempts=1, now=1_000_000, dice=0)
    6000000
    >>> next_attempt_at(policy, accepted_at=0, attempts=1, now=1_000_000, dice=0, retry_after_seconds=90)
    91000000
    """
    due_at = due_after(
        policy,
        accepted_at=accepted_at,
        attempts=attempts,
        now=now,
        dice=dice,
        retry_after_seconds=retry_after_seconds,
    )
    return None if policy.spent(accepted_at=accepted_at, attempts=attempts, due_at=due_at) else due_at


def due_after(
    policy: RetryPolicy,
    *,
    accepted_at: int,
    attempts: int,
    now: int,
    dice: float,
    retry_after_seconds: float | None = None,
) -> int | None:
    """Return when the schedule and the receiver would have the next attempt; None if the schedule is spent.

    Whether attempts and age allow it is for ``RetryPolicy.spent`` to say.
    """
    wait = policy.wait_seconds(attempts, dice)
    if wait is None:
        return None
    due_at = now + int(wait * 1_000_000)
    if retry_after_seconds is None or retry_after_seconds <= wait:
        return due_at
    asked = now + int(min(retry_after_seconds, MAX_RETRY_AFTER_SECONDS) * 1_000_000)
    return max(due_at, min(asked, policy.deadline(accepted_at)))


_SECONDS = re.compile(r"[0-9]{1,300}")  # however long: it is cut


def read_retry_after(value: str, *, now: int) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for from ``now`` (microseconds).

    The value is a number of seconds or an HTTP date (RFC 9110, section 10.2.3). What is neither, or lies in
    the past, asks for nothing: None.

    >>> read_retry_after("120", now=0), read_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=15_000_000)
    (120.0, 45.0)
    >>> read_retry_after("soon", now=0) is None
    True
    """
    value = value.strip()
    if value.isascii() and _SECONDS.fullmatch(value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        # A date of the oldest form (asctime) names no zone; HTTP's dates are all UTC.
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    wait = seconds - now / 1_000_000
    return wait if wait > 0 else None


def parse_policy(stored: object) -> RetryPolicy:
    """Read a policy from its JSON form; raises RetryPolicyError. Members left out have their defaults.

    The default age follows the schedule: a list that runs for days would otherwise be cut off after one.

    >>> parse_policy({"schedule": "standard-webhooks"}).max_age_seconds
    302915
    >>> parse_policy({"max_attempts": 0})
    Traceback (most recent call last):
    eventhub.domain.retry.RetryPolicyError: max_attempts: wanted an integer from 1 to 186, found 0
    """
    if not isinstance(stored, Mapping):
        raise RetryPolicyError("retry policy", "an object", _shown(stored))
    for name in stored:
        if name not in _MEMBERS:
            raise RetryPolicyError(str(name), f"only {', '.join(_MEMBERS)}", "an unknown member")
    schedule = _schedule(stored.get("schedule", Schedule.EXPONENTIAL.value))
    return RetryPolicy(
        max_attempts=_integer(stored, "max_attempts", 1, MAX_ATTEMPTS, DEFAULT_ATTEMPTS),
        max_age_seconds=_integer(
            stored, "max_age_seconds", MIN_AGE_SECONDS, MAX_AGE_SECONDS, default_age_seconds(schedule)
        ),
        schedule=schedule,
    )


def default_age_seconds(schedule: Schedule | tuple[float, ...]) -> int:
    """Return the event age that a schedule needs in order to run to its end.

    >>> default_age_seconds(Schedule.EXPONENTIAL), default_age_seconds((60.0, 600.0))
    (86400, 86400)
    """
    if schedule is Schedule.EXPONENTIAL:
        return DEFAULT_AGE_SECONDS
    longest = sum(_waits(schedule)) * (1 + JITTER) + _MARGIN_SECONDS
    return max(DEFAULT_AGE_SECONDS, min(MAX_AGE_SECONDS, int(longest)))


def age_with(schedule: Schedule, *, before: Schedule, age_before: int) -> int:
    """Return the age that goes with a schedule which is chosen without one.

    An age that was the usual one of the schedule before becomes the usual one of this; one of its own stays.

    >>> age_with(Schedule.STANDARD_WEBHOOKS, before=Schedule.EXPONENTIAL, age_before=86_400)
    302915
    >>> age_with(Schedule.STANDARD_WEBHOOKS, before=Schedule.EXPONENTIAL, age_before=3600)
    3600
    """
    return default_age_seconds(schedule) if age_before == default_age_seconds(before) else age_before


def _waits(schedule: Schedule | tuple[float, ...]) -> tuple[float, ...]:
    return STANDARD_WEBHOOKS if isinstance(schedule, Schedule) else schedule


def _integer(stored: Mapping[str, object], name: str, low: int, high: int, default: int) -> int:
    value = stored.get(name, default)
    if type(value) is not int or not low <= value <= high:
        raise RetryPolicyError(name, f"an integer from {low} to {high}", _shown(value))
    return value


def _schedule(value: object) -> Schedule | tuple[float, ...]:
    names = ", ".join(f'"{name}"' for name in Schedule)
    if isinstance(value, str):
        try:
            return Schedule(value)
        except ValueError:
            raise RetryPolicyError("schedule", f"{names} or a list of waits", _shown(value)) from None
    if not isinstance(value, list | tuple):
        raise RetryPolicyError("schedule", f"{names} or a list of waits", _shown(value))
    if not 1 <= len(value) <= MAX_WAITS:
        raise RetryPolicyError("schedule", f"1 to {MAX_WAITS} waits", str(len(value)))
    for number, wait in enumerate(value):
        # Not a bool, which Python counts among the integers, and not NaN, which fails every comparison.
        if type(wait) not in (int, float) or not 1 <= wait <= MAX_AGE_SECONDS:
            raise RetryPolicyError(f"schedule[{number}]", f"1 to {MAX_AGE_SECONDS} seconds", _shown(wait))
    return tuple(value)


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 64 else f"{text[:64]}…"
