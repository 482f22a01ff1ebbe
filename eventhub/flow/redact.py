"""Redacting on request: which events, how many, and then all of their copies; recorded before and after.

Events are named by id, or by what they have in common and perhaps a value in their detail. What was made from
one, forwarded to another bus or replayed, is redacted with it. A request does at most ``MOST`` events within
its time and says whether there are more, so a large redaction is a few requests; what was redacted already is
passed over.

The trail says what was asked for, with the path of a value and never the value: that would keep it for ever.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from eventhub.domain import jsontext
from eventhub.domain.redaction import Mark, mark_of
from eventhub.journal.port import Candidate, Journal, Redaction, Wanted
from eventhub.models import because, record_action

MOST = 1000  # events of one request
SECONDS = 20.0  # of looking for them
PAGE, CHUNK = 500, 25  # looked at at once; redacted in one transaction, in which accepting waits
FIRST = UUID(int=0)
KIND = "redaction"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be redacted: the wanted events, or those of them with a value at a path of ``detail``."""

    wanted: Wanted
    reason: str
    paths: tuple[str, ...] = ()  # below detail; none: the whole of it
    where: str = ""  # a path below detail
    equals: Any = None  # the value there


@dataclass(frozen=True, slots=True)
class Found:
    """The events to redact, how many were looked at, and after which one to go on if there are more."""

    ids: list[UUID]
    looked_at: int
    more_after: UUID | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one request redacted."""

    redaction: Redaction
    made_from: int  # events among them that were made from those asked for
    more_after: UUID | None
    left: str  # what the engine's files keep for now; empty if nothing


def find(
    journal: Journal, asked: Asked, *, after: UUID = FIRST, most: int = MOST, seconds: float = SECONDS
) -> Found:
    """Return the next events that are to be redacted."""
    ends = time.monotonic() + seconds
    ids: list[UUID] = []
    looked_at = 0
    while page := journal.redactable(asked.wanted, after=after, limit=PAGE):
        for one in page:
            if len(ids) == most:
                return Found(ids, looked_at, after)
            looked_at += 1
            after = one.id
            if _is_meant(one, asked):
                ids.append(one.id)
        if len(page) < PAGE:
            return Found(ids, looked_at, None)
        if time.monotonic() > ends:
            return Found(ids, looked_at, after)
    return Found(ids, looked_at, None)


def redact(journal: Journal, asked: Asked, *, who: str, after: UUID = FIRST) -> Outcome:
    """Redact the next events that are meant, and all that was made from them; raises JournalUnavailable."""
    found = find(journal, asked, after=after)
    made_from = _made_from(journal, found.ids)
    ids = sorted({*found.ids, *made_from})
    mark = Mark(time.time_ns() // 1000, who, asked.reason, asked.paths)
    total = Redaction()
    if not ids:
        return Outcome(total, 0, found.more_after, "")
    with because(asked.reason):
        # First: whatever is killed, nothing is redacted of which the trail does not know.
        _record("started", len(ids), _told(asked))
        for start in range(0, len(ids), CHUNK):
            total += journal.redact(ids[start : start + CHUNK], mark)
        left = journal.wipe()
        counts = {"events": total.events, "archived_copies": total.archived, "attempts": total.attempts}
        _record("redacted", len(ids), _told(asked) | counts | {"ended_deliveries": total.ended})
    return Outcome(total, len(made_from), found.more_after, left)


def value_at(detail: Any, path: str) -> list[Any]:
    """Return the values at a path, through all elements of lists.

    >>> value_at({"items": [{"sku": 1}, {"sku": 2}]}, "items.sku")
    [1, 2]
    """
    values = [detail]
    for name in path.split("."):
        values = [one[name] for one in _flat(values) if isinstance(one, dict) and name in one]
    return list(_flat(values))


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    for one in values:
        if isinstance(one, list):
            yield from _flat(one)
        else:
            yield one


def _is_meant(one: Candidate, asked: Asked) -> bool:
    mark = mark_of(one.attributes)
    is_done = mark is not None and (not mark.paths or (bool(asked.paths) and {*asked.paths} <= {*mark.paths}))
    if is_done and not asked.wanted.ids:  # named ones are gone through again: a copy may have come since
        return False
    if not asked.where:
        return True
    detail = jsontext.decode(one.detail)
    return any(_is_same(value, asked.equals) for value in value_at(detail, asked.where))


def _is_same(value: Any, wanted: Any) -> bool:
    """Tell whether two values are the same JSON; 7.50 is 7.5."""
    kinds = jsontext.kind_of(value), jsontext.kind_of(wanted)
    if kinds == ("number", "number"):
        return Decimal(jsontext.encode(value).decode()) == Decimal(jsontext.encode(wanted).decode())
    return jsontext.encode(value) == jsontext.encode(wanted)


def _made_from(journal: Journal, ids: Sequence[UUID]) -> list[UUID]:
    known, newest = set(ids), list(ids)
    while newest:
        newest = [one for one in journal.caused_by(newest) if one not in known]
        known.update(newest)
    return sorted(known - set(ids))


def _told(asked: Asked) -> dict[str, Any]:
    wanted = asked.wanted
    said: dict[str, Any] = {
        "ids": [str(one) for one in wanted.ids],
        "bus": wanted.bus,
        "source": wanted.source,
        "detail-type": wanted.detail_type,
        "since": wanted.since,
        "until": wanted.until,
        "where": asked.where,
        "paths": [f"detail.{path}" for path in asked.paths] or ["detail"],
    }
    return {name: value for name, value in said.items() if value}


def _record(action: str, count: int, after: dict[str, Any]) -> None:
    record_action(KIND, "", f"of {count} event{'s' * (count != 1)}", action, after=after)
