"""Redaction: personal data taken out of an event and its copies, for good.

What is taken out is the whole ``detail``, or the values at some of its paths. Beside it goes what repeats it:
the bodies that were sent and answered, and in addresses, headers, errors, resources and the idempotency key
every text that the redacted part held; with the whole detail all resources and the key, which producers often
make of the same. The event then says that it was redacted, in an attribute whose name no producer can give.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from eventhub.domain import jsontext

TEXT = "[redacted]"
REASON = "the event was redacted"  # why a delivery of it is not made
WHOLE = b'{"redacted":true}'
# No name of a CloudEvents attribute has a hyphen, so producers cannot say it.
_NAME = "eventhub-redaction"
_SOUGHT = f'"{_NAME}":'.encode()  # decoding costs each event, and few have it
# Ours; replays' own tell no person's but who ran one.
_KEPT_ATTRIBUTES = {"sender-account", "replay-rules", "replay-targets", "replay-by"}
_NAMING_ATTRIBUTES = ("id", "subject")  # of a CloudEvent: of these a copy must not tell either
_SHOWN = {"method", "url", "headers", "status", "reason", "bytes"}
# Shorter texts would be found in every other word; shorter numbers in every port and status.
_LEAST_TEXT, _LEAST_NUMBER, _MOST = 3, 5, 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """What an event says of its redaction. ``paths`` are below ``detail``; none: the whole of it."""

    at: int  # microseconds since 1970
    by: str
    reason: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Redacted:
    """An event's texts without the redacted part, and the texts to look for in its copies."""

    detail: bytes
    attributes: bytes
    resources: str  # a JSON array of texts
    key: str | None  # the idempotency key
    sought: tuple[str, ...]


def is_redacted(attributes: bytes) -> bool:
    """Tell whether an event with these attributes was redacted.

    >>> is_redacted(b'{}'), is_redacted(redact(b'{}', b'{}', Mark(0, "user:ann", "asked to")).attributes)
    (False, True)
    """
    return _SOUGHT in attributes


def mark_of(attributes: bytes) -> Mark | None:
    """Return what an event says of its redaction; None if it was not redacted."""
    if not is_redacted(attributes):
        return None
    said = jsontext.decode(attributes)[_NAME]
    return Mark(said["at"], said["by"], said["reason"], tuple(said["paths"]))


def redact(
    detail: bytes, attributes: bytes, mark: Mark, *, resources: str = "[]", key: str | None = None
) -> Redacted:
    """Return an event's texts redacted; what was redacted before stays so.

    >>> told = redact(b'{"customer": {"email": "ann@example.com"}, "n": 1.50}', b'{}',
    ...               Mark(0, "user:ann", "asked to", ("customer.email",)), key="7 of ann@example.com")
    >>> told.detail, told.key, told.sought
    (b'{"customer":{"email":"[redacted]"},"n":1.50}', None, ('ann%40example.com', 'ann@example.com'))
    """
    value, known = jsontext.decode(detail), jsontext.decode(attributes)
    before = mark_of(attributes)
    is_whole = not mark.paths or (before is not None and not before.paths)
    paths = () if is_whole else tuple(dict.fromkeys([*(before.paths if before else ()), *mark.paths]))
    said = {_NAME: {"at": mark.at, "by": mark.by, "reason": mark.reason, "paths": list(paths)}}
    named = jsontext.decode(resources.encode())
    if is_whole:
        # A CloudEvent's own attributes, its subject first of all, may name a person as well.
        kept = {name: known[name] for name in _KEPT_ATTRIBUTES & known.keys()}
        own = [value] if detail != WHOLE else []
        sought = _sought([*own, named, key, *(known.get(name) for name in _NAMING_ATTRIBUTES)])
        marks = jsontext.encode([TEXT] * len(named)).decode()
        return Redacted(WHOLE, jsontext.encode(kept | said), marks, None, sought)
    taken: list[Any] = []
    for path in paths:
        value = _without(value, path.split("."), taken)
    sought = _sought(taken)
    told = [masked(one, sought) for one in named]
    return Redacted(
        jsontext.encode(value),
        jsontext.encode(known | said),
        resources if told == named else jsontext.encode(told).decode(),
        None if key is None or masked(key, sought) != key else key,
        sought,
    )


def redact_copy(text: str, sought: Sequence[str]) -> str:
    """Return what an attempt keeps of a request or an answer, without its body and what the event said.

    >>> redact_copy('{"url": "http://crm.example/ann", "body": "Hi Ann"}', ["ann"])
    '{"url":"http://crm.example/[redacted]","body":"[redacted]"}'
    """
    said = jsontext.decode(text.encode())
    if not isinstance(said, dict):
        return text
    told = {name: _masked_within(value, sought) if name in _SHOWN else TEXT for name, value in said.items()}
    if said.get("body") in ("", "envelope"):  # nothing, or the event, which is redacted itself
        told["body"] = said["body"]
    return jsontext.encode(told).decode()


def masked(text: str, sought: Sequence[str]) -> str:
    """Return a text without the texts that are sought."""
    for one in sought:
        if one in text:
            text = text.replace(one, TEXT)
    return text


def _masked_within(value: Any, sought: Sequence[str]) -> Any:
    if isinstance(value, str):
        return masked(value, sought)
    if isinstance(value, dict):
        return {name: _masked_within(inner, sought) for name, inner in value.items()}
    return [_masked_within(inner, sought) for inner in value] if isinstance(value, list) else value


def _without(value: Any, path: list[str], taken: list[Any]) -> Any:
    """Return a value with the text in place of what is at a path, through all elements of lists."""
    if isinstance(value, list):
        return [_without(inner, path, taken) for inner in value]
    if not isinstance(value, dict) or path[0] not in value:
        return value
    inner = value[path[0]]
    if len(path) > 1:
        return value | {path[0]: _without(inner, path[1:], taken)}
    if inner != TEXT:
        taken.append(inner)
    return value | {path[0]: TEXT}


def _sought(value: Any) -> tuple[str, ...]:
    """Return the texts and numbers in a value that are long enough to be looked for, the longest first.

    Each as it is, and as addresses and JSON write it.
    """
    leaves = [text for text in dict.fromkeys(_leaves(value)) if text != TEXT][:_MOST]
    found = {form for text in leaves for form in _forms(text)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _forms(text: str) -> tuple[str, ...]:
    written = jsontext.encode(text).decode()[1:-1]
    return (
        (text,) if text.isalnum() and text.isascii() else (text, quote(text, safe=""), quote(text), written)
    )


def _leaves(value: Any) -> Iterator[str]:
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            rest += one.values()
        elif isinstance(one, list):
            rest += one
        elif isinstance(one, str):
            if len(one) >= _LEAST_TEXT:
                yield one
        elif not isinstance(one, bool) and one is not None:
            text = jsontext.encode(one).decode()
            if len(text) >= _LEAST_NUMBER:
                yield text
