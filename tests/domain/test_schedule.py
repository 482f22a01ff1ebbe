"""Schedules: a table of runs, taken from EventBridge's documentation and worked out on a calendar."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from eventhub.domain.schedule import ScheduleError, parse_schedule, runs_after

SINCE = "2026-11-20T13:00"  # a Friday


def runs(text: str, since: str = SINCE, most: int = 3) -> list[str]:
    found = runs_after(parse_schedule(text), datetime.fromisoformat(f"{since}:00+00:00"), most)
    return [run.isoformat()[:16] for run in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cron(0 10 * * ? *)", ["2026-11-21T10:00", "2026-11-22T10:00", "2026-11-23T10:00"]),
        ("cron(15 12 * * ? *)", ["2026-11-21T12:15", "2026-11-22T12:15", "2026-11-23T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-20T18:00", "2026-11-23T18:00", "2026-11-24T18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-12-01T08:00", "2027-01-01T08:00", "2027-02-01T08:00"]),
        ("cron(0/15 * * * ? *)", ["2026-11-20T13:15", "2026-11-20T13:30", "2026-11-20T13:45"]),
        ("cron(0/10 * ? * MON-FRI *)", ["2026-11-20T13:10", "2026-11-20T13:20", "2026-11-20T13:30"]),
        ("cron(0/30 20-2 ? * 6 *)", None),  # hours have no names to go round
        ("cron(0 20,22-23 * * ? *)", ["2026-11-20T20:00", "2026-11-20T22:00", "2026-11-20T23:00"]),
        ("cron(0 0 L * ? *)", ["2026-11-30T00:00", "2026-12-31T00:00", "2027-01-31T00:00"]),
        ("cron(0 0 L-3 * ? *)", ["2026-11-27T00:00", "2026-12-28T00:00", "2027-01-28T00:00"]),
        ("cron(0 0 LW * ? *)", ["2026-11-30T00:00", "2026-12-31T00:00", "2027-01-29T00:00"]),
        ("cron(0 0 15W * ? *)", ["2026-12-15T00:00", "2027-01-15T00:00", "2027-02-15T00:00"]),
        ("cron(0 0 1W AUG ? *)", ["2027-08-02T00:00", "2028-08-01T00:00", "2029-08-01T00:00"]),
        ("cron(0 0 31W 1 ? *)", ["2027-01-29T00:00", "2028-01-31T00:00", "2029-01-31T00:00"]),
        ("cron(0 0 ? * 3#2 *)", ["2026-12-08T00:00", "2027-01-12T00:00", "2027-02-09T00:00"]),
        ("cron(0 0 ? * TUE#5 *)", ["2026-12-29T00:00", "2027-03-30T00:00", "2027-06-29T00:00"]),
        ("cron(0 0 ? * 5L *)", ["2026-11-26T00:00", "2026-12-31T00:00", "2027-01-28T00:00"]),
        ("cron(0 0 ? * L *)", ["2026-11-21T00:00", "2026-11-28T00:00", "2026-12-05T00:00"]),
        ("cron(0 0 ? * FRI-MON *)", ["2026-11-21T00:00", "2026-11-22T00:00", "2026-11-23T00:00"]),
        ("cron(0 0 ? * mon,wed *)", ["2026-11-23T00:00", "2026-11-25T00:00", "2026-11-30T00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        ("cron(0 0 29 2 ? 2100)", []),  # no leap year
        ("cron(0 0 1 1 ? 2030-2199/100)", ["2030-01-01T00:00", "2130-01-01T00:00"]),
        ("cron(5 4 1 JAN-MAR/2 ? 2027)", ["2027-01-01T04:05", "2027-03-01T04:05"]),
        ("cron(0 0 * * ? 1999)", []),
        ("cron(0 0 31 * ? *)", ["2026-12-31T00:00", "2027-01-31T00:00", "2027-03-31T00:00"]),
        ("cron(30 13 20 11 ? 2026)", ["2026-11-20T13:30"]),
        ("cron(0 13 20 11 ? 2026)", []),  # that is this very moment, not after it
        ("rate(1 minute)", ["2026-11-20T13:01", "2026-11-20T13:02", "2026-11-20T13:03"]),
        ("rate(5 hours)", ["2026-11-20T18:00", "2026-11-20T23:00", "2026-11-21T04:00"]),
        ("rate(7 days)", ["2026-11-27T13:00", "2026-12-04T13:00", "2026-12-11T13:00"]),
    ],
)
def test_runs_are_those_of_the_calendar(text: str, wanted: list[str] | None) -> None:
    if wanted is None:
        with pytest.raises(ScheduleError):
            parse_schedule(text)
    else:
        assert runs(text) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wanted rate(5 minutes) or cron(0 12 * * ? *), found ''"),
        ("rate(5)", "rate: wanted a positive number and a unit, found '5'"),
        ("rate(0 minutes)", "rate: wanted a positive number and a unit, found '0 minutes'"),
        ("rate(1 hours)", "rate: wanted hour after 1, found hours"),
        ("rate(5 hour)", "rate: wanted hours after 5, found hour"),
        ("rate(5 weeks)", "rate: wanted minutes, hours or days, found weeks"),
        ("cron(0 12 * * ?)", "found 5"),
        ("cron(0 12 * * * *)", "cron: wanted ? in one of day of month and day of week, found * and *"),
        ("cron(0 12 ? * ? *)", "found ? and ?"),
        ("cron(60 12 * * ? *)", "minutes: wanted 0 to 59, found 60"),
        ("cron(0 24 * * ? *)", "hours: wanted 0 to 23, found 24"),
        ("cron(0 12 0 * ? *)", "day of month: wanted 1 to 31, found 0"),
        ("cron(0 12 32W * ? *)", "day of month: wanted 1 to 31, found 32"),
        ("cron(0 12 ? * 8 *)", "day of week: wanted 1 to 7 or SUN to SAT, found 8"),
        ("cron(0 12 ? * 3#6 *)", "day of week: wanted 1 to 5, found 6"),
        ("cron(0 12 * 13 ? *)", "month: wanted 1 to 12 or JAN to DEC, found 13"),
        ("cron(0 12 * * ? 2200)", "year: wanted 1970 to 2199, found 2200"),
        ("cron(0/0 12 * * ? *)", "minutes: wanted a positive step after /, found 0"),
        ("cron(5-1 12 * * ? *)", "minutes: wanted a range that rises, found 5-1"),
        ("cron(, 12 * * ? *)", "minutes: wanted 0 to 59, found nothing"),
        ("cron(٣ 12 * * ? *)", "minutes: wanted 0 to 59, found ٣"),
        ("rate(" + "9" * 300 + " days)", "wanted at most 256 characters"),
    ],
)
def test_what_is_no_schedule_says_where_and_what_was_wanted(text: str, said: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)

    assert said in str(caught.value)


def test_every_run_is_found_by_walking_minute_by_minute() -> None:
    """The same as asking each minute whether its parts are in the fields: another way to the same runs."""
    random.seed(7)
    for _ in range(40):
        minutes, hours = (sorted(random.sample(range(high), 3)) for high in (60, 24))
        weekdays = sorted(random.sample(range(1, 8), 2))
        text = f"cron({_list(minutes)} {_list(hours)} ? * {_list(weekdays)} *)"
        since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=random.randrange(500_000))
        walked, moment = [], since
        while len(walked) < 3:
            moment += timedelta(minutes=1)
            if (
                moment.minute in minutes
                and moment.hour in hours
                and (moment.isoweekday() % 7) + 1 in weekdays
            ):
                walked.append(moment)

        assert runs_after(parse_schedule(text), since, 3) == walked, text


def _list(values: list[int]) -> str:
    return ",".join(map(str, values))
