"""One HTTP exchange as values: what is sent, and what came back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eventhub.targets.verdict import Fault


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: header lines ``Name: value``, the body, and the time it may take to connect and in all.

    What names credentials is not part of ``repr``: a request may end up in a log.
    """

    url: str = field(repr=False)
    headers: Sequence[str] = field(repr=False)
    body: bytes = field(repr=False)
    timeout_seconds: float
    method: str = "POST"
    connect_timeout_seconds: float = 10.0
    shown_url: str = ""  # with secrets masked; empty: the URL holds none
    secrets: Sequence[str] = field(default=(), repr=False)  # texts that nobody may read in what is kept
    token: str = field(default="", repr=False)  # the OAuth token that it carries


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Moments in microseconds since 1970, phases in milliseconds by name.

    A phase that did not happen is not there: a kept connection has no ``dns``, ``connect`` or ``tls``.
    With a ``fault`` there was no whole answer; ``error`` says why, and a status may be there none the less.
    """

    started_at: int
    ended_at: int
    status: int | None = None
    reason: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    cut: bool = False  # the body was longer than what we keep
    fault: Fault | None = None
    error: str = ""
    phases: Mapping[str, float] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """Return the first header of this name (in lower case), or an empty text."""
        return next((value for found, value in self.headers if found.lower() == name), "")
