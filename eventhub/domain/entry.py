"""Entries: events as submitted, each accepted or rejected on its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from eventhub.domain import jsontext

# EventBridge documents no maximum of the first two; its second generation has these.
MAX_SOURCE = 256  # characters
MAX_DETAIL_TYPE = 128  # characters
MAX_RESOURCE = 2048  # characters each, as in EventBridge
MAX_KEY = 256  # characters
RESERVED_SOURCE = "aws."  # EventBridge keeps it for Amazon's own services; here administrators may stand in
# Names among an event's attributes. CloudEvents' names have no hyphen.
TRACE_HEADER = "trace-header"  # X-Ray's trace
TRACE_PARENT = "trace-parent"  # W3C's, as it came in the request's header traceparent
TRACE_STATE = "trace-state"  # and tracestate
FIRST_TIME = 0  # 1970-01-01T00:00:00Z
LAST_TIME = 253_402_300_799_999_999  # the last microsecond of the year 9999
TIME_BYTES = 14  # what a given time counts for in an entry's size, as in EventBridge


class Fault(StrEnum):
    """Why an entry is rejected: the ``code`` that programs read."""

    MISSING = "missing"  # a required member is absent or empty
    WRONG_TYPE = "wrong-type"  # a member is of another JSON kind than wanted
    TOO_LONG = "too-long"  # a text has too many characters
    BAD_CHARACTER = "bad-character"  # a text holds NUL, which a database cannot store
    BAD_TIME = "bad-time"  # not RFC 3339, without an offset, or outside 1970 to 9999
    RESERVED_SOURCE = "reserved-source"  # the source begins with "aws."
    TOO_LARGE = "too-large"  # the entry as a whole
    MALFORMED_DETAIL = "malformed-detail"  # not an object, not strict JSON, too deep, a key twice
    UNKNOWN_MEMBER = "unknown-member"  # a member that an entry does not have
    REPEATED_MEMBER = "repeated-member"  # a member of the entry twice
    UNKNOWN_BUS = "unknown-bus"  # there is no such bus
    FORBIDDEN = "forbidden"  # the caller may not put events on this bus
    FORBIDDEN_SOURCE = "forbidden-source"  # nor events of this source


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as a door read it; ``flow.accept`` checks it."""

    bus: str
    source: str
    detail_type: str
    detail: bytes  # the producer's own JSON text
    time: int | None = None  # microseconds since 1970; None: the moment of acceptance
    resources: Sequence[str] = ()
    key: str | None = None  # the producer's id for it: its idempotency key within (bus, source)
    attributes: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why an entry did not become an event: a stable code, a sentence, and where in the entry."""

    code: str
    message: str
    path: str = ""


def check_entry(entry: Entry, *, max_bytes: int) -> Rejected | None:
    """Return why an entry cannot become an event, or None if it can.

    >>> check_entry(Entry("default", "shop", "order", b"[]"), max_bytes=1024).message
    'a JSON object was wanted, got array (byte 0 of detail)'
    """
    return (
        _check_text("source", entry.source, MAX_SOURCE)
        or _check_text("detail-type", entry.detail_type, MAX_DETAIL_TYPE)
        or _check_given("detail", entry.detail)
        or _check_rest(entry, max_bytes)
        or _check_detail(entry.detail)
    )


def entry_bytes(entry: Entry) -> int:
    """Return an entry's size by EventBridge's rule.

    >>> entry_bytes(Entry("default", "café", "order", b"{}", time=0, resources=["r"]))
    27
    """
    size = len(entry.detail) + _utf8_length(entry.source) + _utf8_length(entry.detail_type)
    if entry.time is not None:
        size += TIME_BYTES
    for resource in entry.resources:
        size += _utf8_length(resource)
    return size


def _check_text(member: str, text: str, longest: int) -> Rejected | None:
    return _check_given(member, text) or _check_characters(member, text, longest)


def _check_given(member: str, value: str | bytes) -> Rejected | None:
    if not value:
        return Rejected(Fault.MISSING, f"{member} is required and must not be empty", member)
    return None


def _check_characters(path: str, text: str, longest: int) -> Rejected | None:
    if len(text) > longest:
        return Rejected(Fault.TOO_LONG, f"wanted at most {longest} characters, found {len(text)}", path)
    if "\0" in text:
        return Rejected(Fault.BAD_CHARACTER, "the NUL character (U+0000) cannot be stored", path)
    return None


def _check_rest(entry: Entry, max_bytes: int) -> Rejected | None:
    if entry.time is not None and not FIRST_TIME <= entry.time <= LAST_TIME:
        return Rejected(Fault.BAD_TIME, "wanted a time from the years 1970 to 9999", "time")
    if entry.key is not None and (fault := _check_text("id", entry.key, MAX_KEY)):
        return fault
    for number, resource in enumerate(entry.resources):
        if fault := _check_characters(f"resources[{number}]", resource, MAX_RESOURCE):
            return fault
    size = entry_bytes(entry)
    if size >= max_bytes:
        return Rejected(Fault.TOO_LARGE, f"wanted an entry of less than {max_bytes} bytes, found {size}")
    return None


def _check_detail(detail: bytes) -> Rejected | None:
    try:
        jsontext.check_detail(detail)
    except jsontext.JsonTextError as error:
        path = f"detail.{error.path}" if error.path else "detail"
        return Rejected(Fault.MALFORMED_DETAIL, f"{error.message} (byte {error.position} of detail)", path)
    return None


def _utf8_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
