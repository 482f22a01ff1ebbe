"""What every kind of target is: a name, a configuration schema, and one way to make an attempt.

Admin forms, REST members and the documentation of a kind are generated from its ``fields``; saving, the test
action and delivering read the same ones, so a kind is described once, in its own module.
"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from eventhub.targets.http import Reply, Request
from eventhub.targets.mask import masked
from eventhub.targets.verdict import DELIVERED, Fault, Verdict, of_fault

# Says why an address may not be reached, or None.
Guard = Callable[[str], str | None]


class FieldType(StrEnum):
    """The JSON type of a setting, and how a form asks for it."""

    TEXT = "text"
    URL = "url"  # http or https; its host is checked by the address guard
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PAIRS = "pairs"  # an object of names and texts, such as headers
    TEXTS = "texts"  # a list of texts
    EVENT_PATH = "event-path"  # a path in the envelope: $.detail.order.id


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of a kind."""

    name: str  # the member's name in JSON
    label: str
    help: str
    type: FieldType = FieldType.TEXT
    required: bool = False
    default: Any = None
    choices: Sequence[str] = ()
    low: int | None = None  # of an integer, or of a text's length
    high: int | None = None
    secret: bool = False  # sealed when saved, never shown again
    example: str = ""
    check: Callable[[Any], None] | None = None  # raises ValueError: what was wanted, what was found


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What a kind may need of the event beside its payload: group and partition keys, subjects."""

    id: UUID
    bus: str
    source: str
    detail_type: str
    envelope: bytes  # the EventBridge envelope as JSON


@dataclass(frozen=True, slots=True)
class Traces:
    """What is to be carried on of the traces that an event came with."""

    xray: str = ""  # as the producer gave it
    w3c: Sequence[tuple[str, str]] = ()  # the headers traceparent and tracestate


NO_TRACES = Traces()


@dataclass(frozen=True, slots=True)
class Order:
    """One attempt to be made: what to send, and under which identity."""

    settings: Mapping[str, Any]  # the kind's fields by name, secrets opened
    body: bytes  # the payload: transformed and in the target's format
    content_type: str
    headers: Sequence[tuple[str, str]]  # that the payload's format asks for (binary CloudEvents)
    message_id: str  # the same in every attempt of a delivery
    attempt: int  # 1 for the first
    now: int  # microseconds since 1970
    event: EventFacts
    timeout_seconds: float
    connect_timeout_seconds: float = 10.0
    attributes: Mapping[str, str] = field(default_factory=dict)  # of a dead-letter target: why it is there
    traces: Traces = NO_TRACES


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt; credentials in ``request`` and ``response`` are masked."""

    verdict: Verdict
    started_at: int  # microseconds since 1970
    ended_at: int
    status: int | None = None
    phases: Mapping[str, float] = field(default_factory=dict)  # milliseconds by name
    request: Mapping[str, object] = field(default_factory=dict)
    response: Mapping[str, object] = field(default_factory=dict)
    retry_after: str = ""  # the header's text, for the retry policy to read


class Kind:
    """A kind of target. Subclasses are ``HttpKind`` and ``CallKind``, and ``bus``, which is ours."""

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]  # one sentence for people who choose
    fields: ClassVar[Sequence[Field]] = ()
    # Settings that delivering adds to what is configured; they are not fields.
    given: ClassVar[Sequence[str]] = ()
    # Settings of the installation, by the names they have there in capitals; no target can set them.
    installation: ClassVar[Sequence[str]] = ()
    extra: ClassVar[str] = ""  # the optional dependency that it needs: pip install eventhub[extra]

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return where a target of this kind delivers, for people; without secrets."""
        raise NotImplementedError

    def check(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with the settings taken together, by field; each field is checked before."""
        return {}

    def missing(self) -> str:
        """Say what this installation lacks for the kind, such as its extra; empty if nothing."""
        return ""


@dataclass(frozen=True, slots=True)
class Errand:
    """An exchange that must come before the request itself, such as fetching a token.

    ``done`` keeps what it brought; if it brought nothing of use, it returns the verdict of the attempts that
    wait for it. Attempts with the same ``key`` wait for one exchange.
    """

    key: Hashable
    request: Request
    done: Callable[[Reply], Verdict | None]


class HttpKind(Kind):
    """A kind that is one HTTP exchange: many run at once over libcurl."""

    def request(self, order: Order) -> Request | Errand:
        """Return the request of one attempt, or what must come first: then it is asked again after that."""
        raise NotImplementedError

    def again(self, order: Order, request: Request, reply: Reply) -> bool:
        """Tell whether the same attempt goes on with a new request, as after a token that ran out."""
        return False

    def result(self, order: Order, request: Request, reply: Reply) -> Result:
        """Judge the reply to the last request."""
        raise NotImplementedError


class CallKind(Kind):
    """A kind with a client of its own: each attempt is a blocking call in a thread of the callers' pool."""

    # Its client opens sockets where nobody can check the address: only administrators may configure it.
    administrators_only: ClassVar[bool] = False

    def send(self, order: Order, guard: Guard) -> Result:
        """Make one attempt; raises only for a bug of ours."""
        started_at = time.time_ns() // 1000
        verdict, status, response = DELIVERED, None, {}
        try:
            response = dict(self.call(order, guard))
        except CallError as error:
            secrets = [order.settings.get(field.name) for field in self.fields if field.secret]
            # Peers like to repeat what they were sent.
            reason = masked(
                error.verdict.reason, [text for text in secrets if isinstance(text, str) and text]
            )
            verdict, status = replace(error.verdict, reason=reason), error.status
        return Result(
            verdict,
            started_at,
            time.time_ns() // 1000,
            status=status,
            request=self.shown(order),
            response=response,
        )

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        """Hand the payload over within ``order.timeout_seconds``; return what an attempt keeps of the answer.

        Every address reached passes ``guard``. Raises CallError for what the network or the receiver did.
        """
        raise NotImplementedError

    def shown(self, order: Order) -> Mapping[str, object]:
        """Return what an attempt keeps of the request: method, url, headers, bytes; no secrets."""
        raise NotImplementedError


class CallError(Exception):
    """An attempt over a client of its own failed: what kept it from succeeding."""

    def __init__(self, verdict: Verdict, *, status: int | None = None) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict
        self.status = status

    @classmethod
    def of(cls, fault: Fault, text: str) -> "CallError":
        """Return the error of an attempt that brought no whole answer."""
        return cls(of_fault(fault, text))
