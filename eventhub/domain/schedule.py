"""Schedules: ``rate(5 minutes)`` and ``cron(0 12 ? * MON-FRI *)``, in EventBridge's words and in UTC.

A cron expression has six fields:

=============  ==================  =======================================================================
field          values              wildcards
=============  ==================  =======================================================================
minutes        0-59                , - * /
hours          0-23                , - * /
day of month   1-31                , - * / ? L (last), L-3 (third before the last), 15W (the weekday
                                   nearest to it, in the same month), LW (the last weekday)
month          1-12, JAN-DEC       , - * /
day of week    1-7, SUN-SAT        , - * / ? L (Saturday), 5L (last Thursday of the month), 3#2 (second
                                   Tuesday of the month)
year           1970-2199           , - * /
=============  ==================  =======================================================================

One of the two day fields must be ``?``. Fields and wildcards are those of EventBridge's documentation, and
``L-3`` and ``LW``, which are Quartz's. Of the well-kept parsers for Python, cronsim does not know ``15W`` and
years; croniter does, but counts Sunday as 0 and has no ``?``: every expression would have to be translated
for it, and its errors back.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

MAX_LENGTH = 256
LAST_YEAR = 2199
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}
_MAX_RATE = 2**31 - 1

DaysOf = Callable[[int, int], set[int]]  # year and month → the days that a field means


class ScheduleError(ValueError):
    """Not a schedule: where in it, what was wanted, what was found."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so often, counted from the moment when the schedule began."""

    text: str
    seconds: int

    def after(self, moment: datetime) -> datetime | None:
        """Return the run after one that was at ``moment``."""
        try:
            return moment + timedelta(seconds=self.seconds)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Cron:
    """At moments of the calendar, in UTC."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DaysOf
    months: tuple[int, ...]
    years: tuple[int, ...]

    def after(self, moment: datetime) -> datetime | None:
        """Return the first run later than ``moment`` (with a time zone); None if there is none any more."""
        earliest = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for day in self._days_from(earliest):
            is_first = day.date() == earliest.date()
            for hour in self.hours:
                if is_first and hour < earliest.hour:
                    continue
                for minute in self.minutes:
                    if is_first and (hour, minute) < (earliest.hour, earliest.minute):
                        continue
                    return day.replace(hour=hour, minute=minute)
        return None

    def _days_from(self, earliest: datetime) -> Iterator[datetime]:
        for year in self.years:
            if year < earliest.year:
                continue
            for month in self.months:
                if (year, month) < (earliest.year, earliest.month):
                    continue
                for day in sorted(self.days(year, month)):
                    found = datetime(year, month, day, tzinfo=UTC)
                    if found.date() >= earliest.date():
                        yield found


Schedule = Rate | Cron


def parse_schedule(text: str) -> Schedule:
    """Read a schedule; raises ScheduleError.

    >>> parse_schedule("cron(0 12 ? * MON-FRI *)").after(datetime(2026, 11, 20, 13, tzinfo=UTC)).isoformat()
    '2026-11-23T12:00:00+00:00'
    >>> parse_schedule("rate(1 minutes)")
    Traceback (most recent call last):
    eventhub.domain.schedule.ScheduleError: rate: wanted minute after 1, found minutes
    """
    if len(text) > MAX_LENGTH:
        raise ScheduleError(f"wanted at most {MAX_LENGTH} characters, found {len(text)}")
    found = re.fullmatch(r"(rate|cron)\((.*)\)", text.strip())
    if found is None:
        raise ScheduleError(f"wanted rate(5 minutes) or cron(0 12 * * ? *), found {text[:64]!r}")
    return _rate(text, found[2]) if found[1] == "rate" else _cron(text, found[2])


def runs_after(schedule: Schedule, moment: datetime, most: int) -> list[datetime]:
    """Return the next runs, at most so many.

    >>> [str(run) for run in runs_after(parse_schedule("rate(1 day)"), datetime(2026, 1, 1, tzinfo=UTC), 1)]
    ['2026-01-02 00:00:00+00:00']
    """

    def each() -> Iterator[datetime]:
        run = schedule.after(moment)
        while run is not None:
            yield run
            run = schedule.after(run)

    return list(islice(each(), most))


def _rate(text: str, inner: str) -> Rate:
    found = re.fullmatch(r"([0-9]{1,10}) (\w+)", inner.strip())
    if found is None or not 1 <= int(found[1]) <= _MAX_RATE:
        raise ScheduleError(f"rate: wanted a positive number and a unit, found {inner[:64]!r}")
    value, unit = int(found[1]), found[2]
    if unit.removesuffix("s") not in _UNITS:
        raise ScheduleError(f"rate: wanted minutes, hours or days, found {unit[:64]}")
    if (value == 1) == unit.endswith("s"):
        wanted = unit.removesuffix("s") if value == 1 else f"{unit}s"
        raise ScheduleError(f"rate: wanted {wanted} after {value}, found {unit}")
    return Rate(text.strip(), value * _UNITS[unit.removesuffix("s")])


def _cron(text: str, inner: str) -> Cron:
    fields = inner.split()
    if len(fields) != 6:
        raise ScheduleError(
            "cron: wanted six fields (minutes, hours, day of month, month, day of week, year), "
            f"found {len(fields)}"
        )
    minutes, hours, day_of_month, month, day_of_week, year = (field.upper() for field in fields)
    if (day_of_month == "?") == (day_of_week == "?"):
        raise ScheduleError(
            f"cron: wanted ? in one of day of month and day of week, found {day_of_month} and {day_of_week}"
        )
    days = _days_of_week(day_of_week) if day_of_month == "?" else _either(_day_of_month, day_of_month)
    return Cron(
        text.strip(),
        _numbers("minutes", minutes, 0, 59),
        _numbers("hours", hours, 0, 23),
        days,
        _numbers("month", month, 1, 12, _MONTHS),
        _numbers("year", year, 1970, LAST_YEAR),
    )


def _numbers(name: str, field: str, low: int, high: int, names: tuple[str, ...] = ()) -> tuple[int, ...]:
    """Return the values that a field means, in order; a range of named values may go round (FRI-MON)."""

    def number(text: str) -> int:
        if text in names:
            return names.index(text) + low
        if not re.fullmatch("[0-9]{1,4}", text) or not low <= int(text) <= high:
            also = f" or {names[0]} to {names[-1]}" if names else ""
            raise ScheduleError(f"{name}: wanted {low} to {high}{also}, found {text[:64] or 'nothing'}")
        return int(text)

    found: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        if slash and (not re.fullmatch("[0-9]{1,4}", step_text) or not int(step_text)):
            raise ScheduleError(
                f"{name}: wanted a positive step after /, found {step_text[:64] or 'nothing'}"
            )
        step = int(step_text) if slash else 1
        first, dash, last = span.partition("-")
        if span == "*":
            found.update(range(low, high + 1, step))
        elif dash:
            begin, end = number(first), number(last)
            if begin > end and not names:
                raise ScheduleError(f"{name}: wanted a range that rises, found {span}")
            values = (
                range(begin, end + 1) if begin <= end else [*range(begin, high + 1), *range(low, end + 1)]
            )
            found.update(list(values)[::step])
        else:
            found.update(range(number(span), high + 1, step) if slash else [number(span)])
    return tuple(sorted(found))


def _either(read: Callable[[str], DaysOf], field: str) -> DaysOf:
    """Return the days that any part of a list means."""
    parts = [read(part) for part in field.split(",")]
    return lambda year, month: set[int]().union(*(part(year, month) for part in parts))


def _day_of_month(part: str) -> DaysOf:
    if part == "L":
        return lambda year, month: {monthrange(year, month)[1]}
    if part == "LW":
        return lambda year, month: {_nearest_weekday(year, month, monthrange(year, month)[1])}
    if found := re.fullmatch("L-([0-9]{1,2})", part):
        back = _within("day of month", found[1], 1, 30)
        return lambda year, month: {day for day in (monthrange(year, month)[1] - back,) if day >= 1}
    if found := re.fullmatch("([0-9]{1,2})W", part):
        wanted = _within("day of month", found[1], 1, 31)
        return lambda year, month: (
            {_nearest_weekday(year, month, wanted)} if wanted <= monthrange(year, month)[1] else set()
        )
    days = _numbers("day of month", part, 1, 31)
    return lambda year, month: {day for day in days if day <= monthrange(year, month)[1]}


def _days_of_week(field: str) -> DaysOf:
    if "#" in field and "," in field:  # AWS: two expressions, where one is allowed
        raise ScheduleError(f"day of week: wanted one expression beside #, found {field[:64]}")
    return _either(_day_of_week, field)


def _day_of_week(part: str) -> DaysOf:
    if part == "L":
        part = "7"
    if found := re.fullmatch("([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#([0-9]))", part):
        [weekday] = _numbers("day of week", found[1], 1, 7, _DAYS)
        if found[2] is None:
            return lambda year, month: {_all_of(year, month, weekday)[-1]}
        nth = _within("day of week", found[2], 1, 5)
        return lambda year, month: set(_all_of(year, month, weekday)[nth - 1 : nth])
    weekdays = _numbers("day of week", part, 1, 7, _DAYS)
    return lambda year, month: {day for one in weekdays for day in _all_of(year, month, one)}


def _within(name: str, text: str, low: int, high: int) -> int:
    if not low <= int(text) <= high:
        raise ScheduleError(f"{name}: wanted {low} to {high}, found {text}")
    return int(text)


def _all_of(year: int, month: int, weekday: int) -> list[int]:
    """Return the days of a month that fall on a weekday, Sunday being 1."""
    first, count = monthrange(year, month)  # Monday is 0
    return list(range((weekday - 2 - first) % 7 + 1, count + 1, 7))


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday that is nearest, within the same month."""
    count = monthrange(year, month)[1]
    match datetime(year, month, day, tzinfo=UTC).weekday():
        case 5:
            return day - 1 if day > 1 else day + 2
        case 6:
            return day + 1 if day < count else day - 2
    return day
