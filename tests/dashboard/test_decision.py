"""Why an attempt was followed by another, or was the last."""

import pytest

from eventhub.dashboard.event.decision import Tried, decision


def tried(state: str, **members: object) -> Tried:
    given = {
        "number": 2,
        "error": "receiver answered 503",
        "fault": "receiver",
        "status": 503,
        "next_at": None,
    }
    return Tried(state, **{**given, **members})  # type: ignore[arg-type]  # the members of a Tried


@pytest.mark.parametrize(
    ("attempt", "text"),
    [
        (tried("delivered", error="", fault=""), "the target took it: nothing is left to do"),
        (tried("pending"), "tried again, as the receiver may be back later (503): attempt 2 of at most 5"),
        (
            tried("pending", status=429, retry_after="30"),
            "tried again, as the request was too much at once (429): attempt 2 of at most 5."
            " The receiver asked to wait (Retry-After: 30)",
        ),
        (
            tried("pending", fault="network", status=None),
            "tried again, as the network may be back later: attempt 2 of at most 5",
        ),
        (
            tried("dead", given_up="receiver answered 503; attempt 2 of 2 was the last"),
            "given up: attempt 2 of 2 was the last",
        ),
        (
            tried("dead", status=422, error="receiver answered 422", given_up="receiver answered 422"),
            "given up at once: the receiver refused this request (422), so it would again",
        ),
        (
            tried("dead", fault="ours", status=None, error="refused", given_up="refused"),
            "given up at once: another try would fare no better",
        ),
    ],
)
def test_the_decision_after_an_attempt_is_told(attempt: Tried, text: str) -> None:
    assert decision(attempt, max_attempts=5).text == text
