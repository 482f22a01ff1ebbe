"""An event as a filter sees it: what was submitted, and what became of it so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from eventhub.domain import jsontext
from eventhub.domain.entry import TRACE_PARENT
from eventhub.domain.filter.words import Status

_UNREAD: Any = object()


@dataclass(frozen=True, slots=True)
class LegView:
    """One match of a rule for a target; ``state`` as outcomes have it, latency only when settled."""

    rule: str
    target: str
    state: str
    attempts: int = 0
    latency_us: int | None = None


@dataclass(slots=True)
class EventView:
    """An event; ``routing`` is None until it is routed. Detail and attributes are JSON text."""

    id: str  # 32 hexadecimal digits
    bus: str
    source: str
    type: str
    accepted_at: int
    key: str | None = None
    detail: bytes = b"{}"
    attributes: bytes = b"{}"
    routing: str | None = None
    legs: Sequence[LegView] = ()
    _decoded: Any = field(default=_UNREAD, repr=False)

    @property
    def decoded(self) -> Any:
        """Return the detail as a value, decoded once."""
        if self._decoded is _UNREAD:
            self._decoded = jsontext.decode(self.detail)
        return self._decoded

    @property
    def detail_text(self) -> str:
        """Return the detail's text; where it has escapes, with its names and strings as they are meant."""
        text = self.detail.decode()
        return "\n".join([text, *_strings(self.decoded)]) if "\\" in text else text

    @property
    def trace(self) -> str | None:
        """Return the trace id: the request's own, else the CloudEvent's."""
        if b"trace" not in self.attributes:
            return None
        attributes = jsontext.decode(self.attributes)
        parent = attributes.get(TRACE_PARENT) or attributes.get("traceparent")
        parts = parent.split("-") if isinstance(parent, str) else ()
        return parts[1] if len(parts) >= 4 else None

    def status(self, legs: Sequence[LegView]) -> Status:
        """Return where it stands, as far as these of its legs tell."""
        if self.routing is None:
            return Status.PENDING
        if self.routing != "matched":
            return Status(self.routing)
        states = {leg.state for leg in legs}
        if Status.DEAD in states:
            return Status.DEAD
        if Status.PENDING in states:
            tried = any(leg.attempts for leg in legs if leg.state == Status.PENDING)
            return Status.RETRYING if tried else Status.PENDING
        return Status.DELIVERED if Status.DELIVERED in states else Status.NOT_MADE


def latency_of(legs: Sequence[LegView]) -> int | None:
    """Return from acceptance until the last of these was settled, in microseconds; None while one is not."""
    latencies = [leg.latency_us for leg in legs if leg.latency_us is not None]
    if not latencies or any(leg.state == Status.PENDING for leg in legs):
        return None
    return max(latencies)


def _strings(value: Any) -> list[str]:
    """Return every name and string in a value."""
    found, waiting = [], [value]
    while waiting:
        one = waiting.pop()
        if type(one) is str:
            found.append(one)
        elif type(one) is list:
            waiting.extend(one)
        elif type(one) is dict:
            found.extend(one)
            waiting.extend(one.values())
    return found
