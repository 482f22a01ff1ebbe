"""What a request for a stream asks for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl
from uuid import UUID

from eventhub.api.gate import RefusedError
from eventhub.domain.filter import Filter, FilterError
from eventhub.domain.filter import parse as parse_filter
from eventhub.domain.filter.words import OF_DELIVERIES
from eventhub.domain.pattern import Pattern, PatternError, parse
from eventhub.domain.payload import PayloadFormat
from eventhub.journal.port import Position

PARAMETERS = ("pattern", "q", "start", "format")
FORMATS = {
    "envelope": PayloadFormat.EVENTBRIDGE,
    "cloudevents": PayloadFormat.CLOUDEVENTS_STRUCTURED,
}
WANTED_START = 'wanted "now", a moment such as 2026-01-31T08:00:00Z, an event\'s id, or an id of the stream'

# None: now. A position or an event's id: what comes after it. A moment: what was accepted then or later.
Start = Position | UUID | datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A stream's pattern and filter, both of which hold, where it starts, how its events are written."""

    pattern: Pattern | None
    start: Start
    resumes: bool  # goes on after what was read before: a gap is to be told
    form: PayloadFormat = PayloadFormat.EVENTBRIDGE
    filter: Filter = field(default_factory=Filter)


def read_query(query: bytes, last_event_id: bytes) -> Asked:
    """Return what the query and ``Last-Event-ID`` ask for; raises RefusedError (400) naming the place.

    ``Last-Event-ID`` goes before ``start``: who connects again does it at the same address.
    """
    try:
        given = parse_qsl(query.decode(), keep_blank_values=True, max_num_fields=8, errors="strict")
    except ValueError as error:
        raise RefusedError(400, "malformed", f"The query cannot be read: {error}.") from error
    values = dict(given)
    for name, _ in given:
        if name not in PARAMETERS:
            raise _invalid(name[:64], f"unknown; known are: {', '.join(PARAMETERS)}")
    if len(values) < len(given):
        raise _invalid("query", "each parameter once, please")
    resume = last_event_id.decode("latin-1").strip()
    text = values.get("start", "")
    start = _start(resume, "Last-Event-ID") if resume else _start(text, "start")
    resumes = bool(resume) or isinstance(start, Position)
    form = values.get("format", "envelope")
    if form not in FORMATS:
        raise _invalid("format", f"wanted {' or '.join(FORMATS)}, found {form[:64]!r}")
    asked = _filter(values.get("q", ""))
    return Asked(_pattern(values.get("pattern", "")), start, resumes, FORMATS[form], asked)


def _pattern(text: str) -> Pattern | None:
    if not text.strip():
        return None
    try:
        return parse(text)
    except PatternError as error:
        place = {"path": error.path or "pattern", "message": error.message}
        raise RefusedError(
            400,
            "invalid-pattern",
            f"The pattern is not valid: {error}.",
            errors=[place],  # type: ignore[list-item]
        ) from error


def _filter(text: str) -> Filter:
    """Read a filter about what an event is: what becomes of it is not known when it is sent."""
    try:
        asked = parse_filter(text)
    except FilterError as error:
        raise _invalid("q", str(error)) from error
    for term in asked.terms:
        if term.word in OF_DELIVERIES:
            message = f"{term.word} asks for deliveries, of which a stream, which sends events, does not know"
            raise _invalid("q", message)
    return asked


def _start(text: str, name: str) -> Start:
    """Read a starting point.

    >>> _start("0-2a", "start")
    Position(xid=0, seq=42)
    """
    if text in {"", "now"}:
        return None
    for read in (Position.parse, _uuid, _moment):
        try:
            return read(text)
        except ValueError:
            continue
    raise _invalid(name, f"{WANTED_START}, found {text[:64]!r}")


def _uuid(text: str) -> UUID:
    if len(text) != 36:  # UUID() takes other forms, too
        raise ValueError(text)
    return UUID(text)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _invalid(name: str, message: str) -> RefusedError:
    return RefusedError(400, "invalid", f"{name}: {message}.", errors=[{"path": name, "message": message}])
