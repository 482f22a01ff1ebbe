"""Waiting for a condition, with a deadline instead of a sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, seconds: float = 10.0, what: str = "") -> T:
    """Return the first true value of ``condition``; fail after ``seconds``, saying what was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds:.0f} s for {what or condition}, found {value!r}")
        time.sleep(0.02)


def takes_effect_everywhere() -> None:
    """Let the second pass within which every process is promised to know a change of configuration."""
    changed_at = time.monotonic()
    until(lambda: time.monotonic() > changed_at + 1, what="a change to take effect")
