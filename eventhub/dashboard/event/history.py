"""One delivery's history: its attempts, the times it was given up, and the times it was brought back."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventhub.dashboard.event.waterfall import PHASES
from eventhub.domain.mask import MARK, mask_message
from eventhub.journal.rows import AttemptRow, DeadLetterRow

_LEAST_MS = 0.05  # a phase that took less reads as nothing


@dataclass(frozen=True, slots=True)
class AttemptShown:
    """One try, with its request and response as they were kept."""

    row: AttemptRow
    took_ms: float
    phases: list[tuple[str, float]]  # milliseconds, in their order
    request: Mapping[str, Any]
    response: Mapping[str, Any]
    request_headers: list[tuple[str, str]]
    request_others: list[tuple[str, str]]  # what kinds that do not speak HTTP keep of a request
    response_headers: list[tuple[str, str]]
    response_others: list[tuple[str, str]]
    response_body: str
    retried_after_ms: float | None  # the backoff that followed


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a history: an attempt, a dead letter, or a redrive."""

    attempt: AttemptShown | None = None
    letter: DeadLetterRow | None = None
    redriven_at: datetime | None = None


def history_of(
    attempts: Sequence[AttemptRow], letters: Sequence[DeadLetterRow], *, is_masked: bool
) -> list[Step]:
    """Return the steps in their order; both sequences are of one delivery, oldest first.

    What was sent and answered is masked if anything of the event is.
    """
    steps: list[Step] = []
    waiting = list(letters)
    for number, row in enumerate(attempts):
        # A letter without an attempt of its own (the target was deleted) comes after the ones before it.
        _give_up(steps, waiting, before=row.number)
        following = attempts[number + 1] if number + 1 < len(attempts) else None
        steps.append(Step(attempt=attempt_shown(row, following, is_masked=is_masked)))
    _give_up(steps, waiting, before=None)
    return steps


def _give_up(steps: list[Step], waiting: list[DeadLetterRow], *, before: int | None) -> None:
    while waiting and (before is None or waiting[0].attempts < before):
        letter = waiting.pop(0)
        steps.append(Step(letter=letter))
        if letter.redriven_at is not None:
            steps.append(Step(redriven_at=letter.redriven_at))


def attempt_shown(row: AttemptRow, following: AttemptRow | None, *, is_masked: bool) -> AttemptShown:
    """Return an attempt for its place on the page; ``following`` is the next one."""
    request, response = json.loads(row.request), json.loads(row.response)
    if is_masked:
        request, response = mask_message(request), mask_message(response)
    body = response.get("body", "")
    if not body and response.get("body_base64") == MARK:
        body = MARK
    elif not body and response.get("body_base64"):
        raw = base64.b64decode(response["body_base64"])
        body = f"{len(raw)} bytes that are not text, beginning {raw[:32].hex(' ')}"
    waited = None
    if following is not None and row.next_at is not None:
        waited = (following.started_at - row.ended_at).total_seconds() * 1000
    took = json.loads(row.phases)
    return AttemptShown(
        row=row,
        took_ms=(row.ended_at - row.started_at).total_seconds() * 1000,
        phases=[(name.replace("_", " "), took[name]) for name in PHASES if took.get(name, 0) >= _LEAST_MS],
        request=request,
        response=response,
        request_headers=_members(request.get("headers")),
        request_others=_others(request, {"method", "url", "headers", "body", "bytes", "cut"}),
        response_headers=_members(response.get("headers")),
        response_others=_others(response, {"status", "reason", "headers", "body", "body_base64", "cut"}),
        response_body=body if isinstance(body, str) else json.dumps(body),
        retried_after_ms=waited,
    )


def _members(given: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in dict(given or {}).items()]


def _others(message: Mapping[str, Any], known: set[str]) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        for name, value in message.items()
        if name not in known
    ]
