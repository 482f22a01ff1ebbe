"""Schedules run: one event for each run, whoever else looks, and after being away."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import override_settings

from eventhub.flow.schedule import Scheduler, next_runs
from eventhub.journal.port import START
from eventhub.models import Bus, NextRun, Rule
from tests.flow.conftest import House

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ARN = "arn:aws:events:us-east-1:000000000000:rule/tick"


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, **for_: float) -> None:
        self.now += timedelta(**for_)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scheduler(house: House, clock: Clock) -> Scheduler:
    return Scheduler(house.journal, clock=clock)


def scheduled(text: str = "rate(5 minutes)", **columns: Any) -> Rule:
    rule = Rule(bus=Bus.objects.get(name="default"), name="tick", schedule_expression=text, **columns)
    rule.full_clean()
    rule.save()
    return rule


def runs(house: House) -> list[str]:
    bus = Bus.objects.get(name="default")
    events = [stored.event for stored in house.journal.read(bus.pk, START, 100)]
    assert all(one.source == "aws.events" and one.detail_type == "Scheduled Event" for one in events)
    assert all(one.resources == f'["{ARN}"]'.encode() and one.detail == b"{}" for one in events)
    return [datetime.fromtimestamp(one.time / 1e6, UTC).strftime("%H:%M") for one in events]


def test_a_rate_runs_every_so_often_from_when_it_began(
    house: House, scheduler: Scheduler, clock: Clock
) -> None:
    rule = scheduled()

    assert scheduler.look() == 0
    clock.goes_on(minutes=4, seconds=59)
    assert scheduler.look() == 0
    clock.goes_on(seconds=1)
    assert scheduler.look() == 1
    assert scheduler.look() == 0
    clock.goes_on(minutes=5)
    assert scheduler.look() == 1

    assert runs(house) == ["12:05", "12:10"]
    assert [f"{run:%H:%M}" for run in next_runs(rule, 2)] == ["12:15", "12:20"]


def test_runs_missed_are_made_up_for_once_with_the_moment_of_the_latest(
    house: House, scheduler: Scheduler, clock: Clock
) -> None:
    scheduled("cron(0/10 * * * ? *)")
    scheduler.look()

    clock.goes_on(hours=1, minutes=3)

    assert scheduler.look() == 1
    clock.goes_on(minutes=7)
    assert scheduler.look() == 1
    assert runs(house) == ["13:00", "13:10"]


@override_settings(MISSED_RUNS="skip")
def test_runs_missed_are_skipped_if_the_settings_say_so(
    house: House, scheduler: Scheduler, clock: Clock
) -> None:
    scheduled("rate(10 minutes)")
    scheduler.look()

    clock.goes_on(hours=1, minutes=3)

    assert scheduler.look() == 0
    clock.goes_on(minutes=7)
    assert scheduler.look() == 1
    assert runs(house) == ["13:10"]


def test_a_worker_killed_between_event_and_row_makes_no_second_event(
    house: House, scheduler: Scheduler, clock: Clock
) -> None:
    scheduled()
    scheduler.look()
    before = NextRun.objects.get()
    clock.goes_on(minutes=5)
    scheduler.look()
    NextRun.objects.filter(pk=before.pk).update(at=before.at)  # as if it had not come to that

    scheduler.look()

    assert runs(house) == ["12:05"]


def test_a_disabled_rule_does_not_run_and_begins_anew_when_it_is_enabled(
    house: House, scheduler: Scheduler, clock: Clock
) -> None:
    rule = scheduled()
    scheduler.look()
    Rule.objects.filter(pk=rule.pk).update(enabled=False)
    clock.goes_on(minutes=7)

    assert scheduler.look() == 0
    assert not NextRun.objects.exists()
    rule.refresh_from_db()
    assert next_runs(rule) == []
    Rule.objects.filter(pk=rule.pk).update(enabled=True)
    scheduler.look()
    clock.goes_on(minutes=5)
    scheduler.look()
    assert runs(house) == ["12:12"]


def test_a_changed_schedule_counts_from_the_change_and_one_that_ended_has_no_run(
    house: House, scheduler: Scheduler, clock: Clock
) -> None:
    rule = scheduled()
    scheduler.look()
    rule.schedule_expression = "cron(30 12 24 11 ? 2026)"
    rule.save()
    scheduler.look()

    clock.goes_on(minutes=30)
    scheduler.look()
    scheduler.look()

    assert runs(house) == ["12:30"]
    assert not NextRun.objects.exists()


def test_a_scheduled_event_goes_to_its_rule_and_other_events_do_not(
    house: House, scheduler: Scheduler, clock: Clock
) -> None:
    rule = scheduled()
    rule.record_version(by="test")
    other = Rule.objects.create(bus=rule.bus, name="other", pattern='{"source": ["shop"]}')
    other.record_version(by="test")
    scheduler.look()
    clock.goes_on(minutes=5)
    scheduler.look()
    house.keeper.refresh()

    on_bus = house.keeper.current.rules[rule.bus_id].rules
    assert on_bus[rule.pk].pattern.text == rule.routed_pattern
    assert rule.versions.get().pattern == rule.routed_pattern
    assert ARN in rule.routed_pattern


@pytest.mark.django_db
def test_a_rule_with_pattern_and_schedule_is_routed_by_either() -> None:
    rule = scheduled(pattern='{"source": ["shop"]}')

    assert rule.routed_pattern.startswith('{"$or": [{"source": ["aws.events"]')
    assert rule.routed_pattern.endswith(', {"source": ["shop"]}]}')
    rule.full_clean()
