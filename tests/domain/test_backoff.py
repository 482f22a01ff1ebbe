import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.domain.backoff import Backoff


@given(attempts=st.integers(1, 10_000), dice=st.floats(0, 1))
def test_a_wait_is_never_longer_than_the_cap_nor_shorter_than_the_least(attempts: int, dice: float):
    assert 0.2 <= Backoff().wait_seconds(attempts, dice) <= 900


@given(attempts=st.integers(1, 184))
def test_the_ceiling_never_falls(attempts: int):
    assert Backoff().ceiling_seconds(attempts) <= Backoff().ceiling_seconds(attempts + 1)


def test_jitter_is_full():
    backoff = Backoff(first_seconds=8, cap_seconds=100, least_seconds=0)

    assert [backoff.wait_seconds(1, dice) for dice in (0.0, 0.25, 1.0)] == [0.0, 2.0, 8.0]


def test_the_default_attempts_last_about_a_day():
    mean = sum(Backoff().wait_seconds(attempts, dice=0.5) for attempts in range(1, 185))

    assert 0.8 * 86_400 < mean < 1.1 * 86_400


@pytest.mark.parametrize(("attempts", "dice"), [(0, 0.5), (-1, 0.5), (1, 1.5), (1, -0.1)])
def test_what_cannot_be_is_refused(attempts: int, dice: float):
    with pytest.raises(ValueError, match="wanted"):
        Backoff().wait_seconds(attempts, dice)
