"""What a page may say over the socket, read strictly: a wrong message gives a ``Refusal``, no exception."""

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

MAX_BYTES = 16 * 1024
Number = Annotated[int, Meta(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message was not followed; ``code`` is from the protocol's list."""

    code: str
    message: str
    number: int | None = None
    at: int | None = None


class Hello(msgspec.Struct, tag_field="t", tag="hello"):
    """The first message."""


class Sub(msgspec.Struct, tag_field="t", tag="sub"):
    """Subscribe to a channel."""

    id: Number
    ch: str
    bus: str | None = None
    q: str = ""
    group: Annotated[str, Meta(max_length=300)] = ""
    ev: UUID | None = None
    cur: Annotated[str, Meta(max_length=64)] = ""


class Unsub(msgspec.Struct, tag_field="t", tag="unsub"):
    """End a subscription."""

    id: Number


class Resync(msgspec.Struct, tag_field="t", tag="resync"):
    """Ask for a snap."""

    id: Number


class Ack(msgspec.Struct, tag_field="t", tag="ack"):
    """Acknowledge frames."""

    n: Annotated[int, Meta(ge=0)]


class Vis(msgspec.Struct, tag_field="t", tag="vis"):
    """Tell whether the page is visible."""

    v: Literal[0, 1]


class Rate(msgspec.Struct, tag_field="t", tag="rate"):
    """Ask for fewer frames."""

    hz: Literal[1, 2, 5, 10]


Message = Hello | Sub | Unsub | Resync | Ack | Vis | Rate
_TYPES = ("hello", "sub", "unsub", "resync", "ack", "vis", "rate")
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def read(text: str) -> Message | Refusal:
    """Return the message in ``text``, or why it is none.

    >>> read('{"t":"ack","n":3}')
    Ack(n=3)
    >>> read('{"t":"ack","n":-1}')
    Refusal(code='bad-message', message='Expected `int` >= 0 - at `$.n`', number=None, at=None)
    """
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        return Refusal("too-large", f"wanted at most {MAX_BYTES} bytes, found {size}")
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError as error:
        kind, number = _kind_and_number(text)
        if kind is not None and kind not in _TYPES:
            return Refusal("unknown-type", f'"t": wanted one of {", ".join(_TYPES)}', number)
        return Refusal("bad-message", str(error), number)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return Refusal("not-json", f"wanted one JSON object: {error}")


def _kind_and_number(text: str) -> tuple[str | None, int | None]:
    """Return ``t`` and ``id`` of a message that is wrong somehow, as far as they can be made out."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):  # such as a number that no float holds
        return None, None
    if not isinstance(found, dict):
        return None, None
    number = found.get("id")
    return str(found.get("t")), number if isinstance(number, int) and not isinstance(number, bool) else None
