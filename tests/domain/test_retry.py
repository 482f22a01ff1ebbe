import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.domain.retry import (
    MAX_AGE_SECONDS,
    MAX_RETRY_AFTER_SECONDS,
    STANDARD_WEBHOOKS,
    RetryPolicy,
    RetryPolicyError,
    Schedule,
    default_age_seconds,
    due_after,
    next_attempt_at,
    parse_policy,
    read_retry_after,
)

SECOND = 1_000_000
NOON = 1_767_355_200 * SECOND  # 2026-01-02T12:00:00Z

schedules = st.one_of(st.sampled_from(Schedule), st.lists(st.integers(1, 10_000), min_size=1).map(tuple))
policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 186),
    max_age_seconds=st.integers(60, MAX_AGE_SECONDS),
    schedule=schedules,
)


def due(
    policy: RetryPolicy, *, attempts: int = 1, after: int = 0, dice: float = 0, asked: float | None = None
):
    now = NOON + after * SECOND
    due_at = next_attempt_at(
        policy, accepted_at=NOON, attempts=attempts, now=now, dice=dice, retry_after_seconds=asked
    )
    return None if due_at is None else (due_at - now) / SECOND


def test_defaults_are_eventbridges():
    assert (RetryPolicy().max_attempts, RetryPolicy().max_age_seconds) == (185, 86_400)
    assert parse_policy({}) == RetryPolicy()


def test_exponential_waits_double_under_full_jitter():
    policy = RetryPolicy()

    assert [due(policy, attempts=attempts, dice=1) for attempts in (1, 2, 3, 20)] == [2, 4, 8, 900]
    assert due(policy, attempts=3, dice=0.25) == 2


def test_standard_webhooks_schedule_is_the_specifications():
    policy = RetryPolicy(schedule=Schedule.STANDARD_WEBHOOKS, max_age_seconds=MAX_AGE_SECONDS)
    waits = [due(policy, attempts=attempts) for attempts in range(1, 10)]

    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(STANDARD_WEBHOOKS) == 75 * 3600 + 35 * 60 + 5
    assert due(policy, attempts=10) is None


def test_named_schedule_is_not_cut_off_by_the_default_age():
    policy = parse_policy({"schedule": "standard-webhooks"})
    now, attempts = NOON, 1
    while (
        at := next_attempt_at(policy, accepted_at=NOON, attempts=attempts, now=now + 60 * SECOND, dice=1)
    ) is not None:
        now, attempts = at, attempts + 1

    assert attempts == 10


def test_listed_waits_get_up_to_a_tenth_on_top():
    policy = RetryPolicy(schedule=(100,))

    assert [due(policy, dice=dice) for dice in (0, 0.5, 1)] == [100, 105, 110]


def test_last_attempt_is_the_last():
    policy = RetryPolicy(max_attempts=3)

    assert due(policy, attempts=2) is not None
    assert due(policy, attempts=3) is None
    assert policy.spent(accepted_at=0, attempts=3, due_at=0) == "attempt 3 of 3 was the last"


def test_spent_list_says_so():
    assert RetryPolicy(schedule=(1,)).spent(accepted_at=0, attempts=2, due_at=None) == (
        "attempt 2 was the last of the schedule"
    )


def test_event_too_old_is_given_up():
    policy = RetryPolicy(max_age_seconds=60, schedule=(30, 30))

    assert due(policy, after=30) == 30
    assert due(policy, after=31) is None
    assert "later than 60 s" in policy.spent(accepted_at=0, attempts=1, due_at=61 * SECOND)


def test_receiver_may_ask_for_a_longer_wait_but_not_for_a_shorter():
    policy = RetryPolicy(schedule=(100, 100))

    assert due(policy, asked=500) == 500
    assert due(policy, asked=1) == 100
    assert due(policy, asked=0) == 100


def test_receiver_alone_cannot_hold_a_delivery_for_more_than_six_hours():
    assert due(RetryPolicy(), asked=10**9) == MAX_RETRY_AFTER_SECONDS


def test_receiver_alone_cannot_kill_a_delivery():
    policy = RetryPolicy(max_age_seconds=3600, schedule=(100,))

    assert due(policy, after=600, asked=7200) == 3000  # when the event is just not too old
    assert due(policy, after=3550, asked=7200) is None  # the schedule itself would come too late


@given(
    policies, st.integers(1, 200), st.integers(0, 700_000), st.floats(0, 1), st.none() | st.floats(0, 10**10)
)
def test_next_attempt_lies_ahead_and_before_the_deadline(policy, attempts, age, dice, asked):
    now = NOON + age * SECOND
    values = {
        "accepted_at": NOON,
        "attempts": attempts,
        "now": now,
        "dice": dice,
        "retry_after_seconds": asked,
    }
    at = next_attempt_at(policy, **values)

    if at is None:
        assert policy.spent(accepted_at=NOON, attempts=attempts, due_at=due_after(policy, **values))
    else:
        assert now < at <= policy.deadline(NOON)
        assert attempts < policy.max_attempts


@given(policies)
def test_stored_policy_comes_back_through_json(policy):
    assert parse_policy(msgspec.json.decode(msgspec.json.encode(policy.stored()))) == policy


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("9999999999", 9_999_999_999),
        ("Fri, 02 Jan 2026 12:00:30 GMT", 30),
        ("Friday, 02-Jan-26 12:00:30 GMT", 30),
        ("Fri Jan  2 12:00:30 2026", 30),
        ("Fri, 02 Jan 2026 13:00:30 +0100", 30),
    ],
)
def test_retry_after_is_seconds_or_an_http_date(value: str, seconds: float):
    assert read_retry_after(value, now=NOON) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "1.5",
        "1e3",
        "٣",
        "2026-01-02",
        "\0",
        "Fri, 02 Jan 2026 11:59:59 GMT",
        "Fri, 99 Jan 2026 12:00:30 GMT",
        "Fri, 02 Jan 99999 12:00:30 GMT",
    ],
)
def test_retry_after_that_asks_for_nothing_is_ignored(value: str):
    assert read_retry_after(value, now=NOON) is None


@given(st.text())
def test_retry_after_of_any_text_is_read_without_error(value: str):
    read_retry_after(value, now=NOON)


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (None, "retry policy: wanted an object, found None"),
        ({"attempts": 3}, "attempts: wanted only max_attempts, max_age_seconds, schedule, found an unknown"),
        ({"max_attempts": 187}, "max_attempts: wanted an integer from 1 to 186, found 187"),
        ({"max_attempts": True}, "max_attempts: wanted an integer from 1 to 186, found True"),
        ({"max_age_seconds": "60"}, 'max_age_seconds: wanted an integer from 60 to 604800, found "60"'),
        ({"schedule": "linear"}, 'schedule: wanted "exponential", "standard-webhooks" or a list of waits'),
        ({"schedule": 5}, "or a list of waits, found 5"),
        ({"schedule": []}, "schedule: wanted 1 to 185 waits, found 0"),
        ({"schedule": [1] * 186}, "schedule: wanted 1 to 185 waits, found 186"),
        ({"schedule": [5, 0]}, "schedule[1]: wanted 1 to 604800 seconds, found 0"),
        ({"schedule": [float("nan")]}, "schedule[0]: wanted 1 to 604800 seconds, found nan"),
        ({"schedule": [True]}, "schedule[0]: wanted 1 to 604800 seconds, found True"),
    ],
)
def test_policy_that_is_none_is_refused_by_name(stored: object, message: str):
    with pytest.raises(RetryPolicyError) as caught:
        parse_policy(stored)

    assert message in str(caught.value)


def test_age_of_a_long_list_is_bounded():
    assert default_age_seconds((MAX_AGE_SECONDS, MAX_AGE_SECONDS)) == MAX_AGE_SECONDS


@pytest.mark.parametrize(("attempts", "dice"), [(0, 0.5), (1, 1.5)])
def test_what_cannot_be_is_refused(attempts: int, dice: float):
    with pytest.raises(ValueError, match="wanted"):
        RetryPolicy(schedule=(5,)).wait_seconds(attempts, dice)


def test_a_retry_after_beyond_all_numbers_asks_for_the_longest_wait():
    assert read_retry_after("9" * 20, now=0) == float("9" * 20)
