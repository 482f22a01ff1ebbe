"""The words of the language: what each is about, and what may be asked of it."""

from dataclasses import dataclass
from enum import StrEnum


class Takes(StrEnum):
    """What may follow a word's colon."""

    TEXT = "text"  # values, with * for any text; exists where it may be missing
    STATUS = "status"  # the words of ``Status``
    COUNT = "count"  # whole numbers and comparisons
    DURATION = "duration"  # comparisons of durations
    MOMENT = "moment"  # one moment, or how long ago
    IDENTIFIER = "identifier"  # an event's id, or its beginning and *
    PHRASE = "phrase"  # text that is looked for anywhere
    JSON = "json"  # anything that JSON has


class Status(StrEnum):
    """Where an event stands as a whole: the worst of its deliveries."""

    PENDING = "pending"  # not routed yet, or a delivery was not tried yet
    RETRYING = "retrying"  # a delivery failed and is tried again
    DELIVERED = "delivered"  # every delivery is made
    DEAD = "dead"  # a delivery was given up
    UNMATCHED = "unmatched"  # no rule's pattern holds
    UNROUTABLE = "unroutable"  # routing failed
    UNKNOWN_BUS = "unknown-bus"  # its bus does not exist
    NOT_MADE = "not-made"  # a rule matched, and no delivery was made


FAILED = "failed"  # what to look at: any of these
FAILED_STATUSES = frozenset({Status.DEAD, Status.RETRYING, Status.UNROUTABLE})
STATUSES = (*(status.value for status in Status), FAILED)


@dataclass(frozen=True, slots=True)
class Word:
    """A word, what it takes, and what it says in a few words."""

    name: str
    takes: Takes
    about: str
    optional: bool = False  # an event may be without: ``:exists`` asks


WORDS: dict[str, Word] = {
    word.name: word
    for word in (
        Word("bus", Takes.TEXT, "the bus"),
        Word("source", Takes.TEXT, "the source"),
        Word("type", Takes.TEXT, "the detail-type"),
        Word("key", Takes.TEXT, "the idempotency key", optional=True),
        Word("trace", Takes.TEXT, "the trace id of W3C's trace context", optional=True),
        Word("rule", Takes.TEXT, "a rule that matched; none: no rule did"),
        Word("target", Takes.TEXT, "a target of one of its deliveries"),
        Word("status", Takes.STATUS, "where it stands"),
        Word("attempts", Takes.COUNT, "the most attempts of one delivery"),
        Word("latency", Takes.DURATION, "from acceptance until the last delivery was settled", optional=True),
        Word("id", Takes.IDENTIFIER, "the event's id"),
        Word("text", Takes.PHRASE, "text anywhere in source, type or detail"),
        Word("after", Takes.MOMENT, "accepted at this moment or later"),
        Word("before", Takes.MOMENT, "accepted before this moment"),
        Word("detail", Takes.JSON, "a value of the detail by its path"),
    )
}
OF_DELIVERIES = frozenset({"rule", "target", "status", "attempts", "latency"})  # change after acceptance
NONE = "none"  # rule:none
EXISTS = "exists"
