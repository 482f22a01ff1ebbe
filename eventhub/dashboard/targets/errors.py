"""Failed attempts of the last day by class, the most frequent first, with moments and an example."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from eventhub.dashboard.targets.attempts import AttemptShown
from eventhub.dashboard.targets.figures import journal_here, moment_of
from eventhub.journal.looking_back import Past
from eventhub.journal.rolling import Grain

HOURS = 24
SAID: Mapping[str, str] = {
    "429": "429 too many requests",
    "5xx": "5xx receiver's error",
    "4xx": "4xx refused by the receiver",
    "3xx": "3xx redirect, not followed",
    "timeout": "time-out",
    "dns": "host name not resolved",
    "tls": "TLS",
    "refused": "connection refused",
    "network": "other trouble of the network",
    "receiver": "other answer of the receiver",
    "ours": "not sent: refused here",
}


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """A class: how often it was seen, from when to when (to the minute), and the latest that is at hand."""

    kind: str
    count: int
    first_at: datetime
    last_at: datetime
    share: float  # of the most frequent
    example: AttemptShown | None

    @property
    def said(self) -> str:
        """Return the class in words."""
        return SAID.get(self.kind, self.kind)


def error_classes(target_id: int, examples: Iterable[AttemptShown], *, now: int) -> list[ErrorClass]:
    """Return the classes that a target's attempts failed with; ``examples`` with the latest first."""
    journal = journal_here()
    if journal is None:
        return []
    past = Past(now - now % 60 - HOURS * 3600, now + 1, Grain.MINUTE, step=60)
    spans: dict[str, tuple[int, int, int]] = {}
    for one in journal.counts("error", past, by=("a",), b=[target_id]):
        count, first, _last = spans.get(str(one.counted.a), (0, one.at, one.at))
        spans[str(one.counted.a)] = (count + one.count, first, one.at)
    return _ranked(spans, examples)


def errors_among(examples: Iterable[AttemptShown]) -> list[ErrorClass]:
    """Return the classes among some attempts, for who may not know of all."""
    examples = list(examples)
    spans: dict[str, tuple[int, int, int]] = {}
    for one in examples:
        if one.kind:
            at = int(one.row.ended_at.timestamp())
            count, first, last = spans.get(one.kind, (0, at, at))
            spans[one.kind] = (count + 1, min(first, at), max(last, at))
    return _ranked(spans, examples)


def _ranked(spans: Mapping[str, tuple[int, int, int]], examples: Iterable[AttemptShown]) -> list[ErrorClass]:
    latest: dict[str, AttemptShown] = {}
    for one in examples:
        latest.setdefault(one.kind, one)
    most = max((count for count, *_ in spans.values()), default=0) or 1
    ranked = sorted(spans.items(), key=lambda item: (-item[1][0], item[0]))
    return [
        ErrorClass(kind, count, moment_of(first), moment_of(last), count / most, latest.get(kind))
        for kind, (count, first, last) in ranked
    ]
