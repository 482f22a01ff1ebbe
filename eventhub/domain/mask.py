"""Masking fields of a detail: what may not be seen is replaced, everything else keeps its bytes.

A path is written as patterns see it, ``detail.customer.email``: names joined by dots, arrays passed through.
As in patterns, a name with a dot in it is the same as two names. What lies under a masked field is masked
with it.
"""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from eventhub.domain.redaction import REASON

MARK = "•••"
MAX_PATHS = 100
MAX_CHARACTERS = 256
ROOT = "detail"
_MARKED = msgspec.json.encode(MARK)
# A detail that is nested too deeply to be looked into is masked as a whole.
_ALL_MASKED = msgspec.json.encode({MARK: MARK})
_WANTED = (
    f"wanted up to {MAX_PATHS} paths of at most {MAX_CHARACTERS} characters such as detail.customer.email"
)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements = msgspec.json.Decoder(list[msgspec.Raw])


def read_paths(given: object) -> tuple[str, ...]:
    """Return the paths of a list; raises ValueError with a sentence for people."""
    if not isinstance(given, list):
        raise ValueError(f"{_WANTED}; found {given!r:.80}")
    if len(given) > MAX_PATHS:
        raise ValueError(f"{_WANTED}; found {len(given)} of them")
    for one in given:
        if not isinstance(one, str) or len(one) > MAX_CHARACTERS or not _is_path(one):
            raise ValueError(f"{_WANTED}; found {one!r:.80}")
    return tuple(given)


def _is_path(text: str) -> bool:
    first, *names = text.split(".")
    return first == ROOT and bool(names) and all(names)


def is_masked(path: str, paths: Collection[str]) -> bool:
    """Tell whether a path leads to something masked, or into it.

    >>> [is_masked(one, ["detail.card"]) for one in ("detail.card", "detail.card.number", "detail.cards")]
    [True, True, False]
    """
    return any(path == one or path.startswith(f"{one}.") for one in paths)


def mask(detail: bytes, paths: Collection[str]) -> bytes:
    """Return a detail, a JSON object, with the fields at ``paths`` replaced by a mark.

    >>> mask(b'{"sum": 1.50, "card": {"number": 4111}}', ["detail.card.number"]).decode()
    '{"sum":1.50,"card":{"number":"•••"}}'
    """
    if not paths:
        return detail
    try:
        return _masked(detail, ROOT, paths)
    except (RecursionError, msgspec.MsgspecError, UnicodeDecodeError):
        return _ALL_MASKED


def mask_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was kept of a request or response, without anything that may be made of a detail.

    >>> mask_message({"method": "POST", "headers": {"x-order": "7"}, "body": "…"})
    {'method': 'POST', 'headers': {'x-order': '•••'}, 'body': '•••'}
    """
    return {name: _masked_member(name, value) for name, value in message.items()}


def mask_reason(text: str) -> str:
    """Return why an attempt failed, without anything that a receiver may have said of a detail.

    >>> [mask_reason(one) for one in ("receiver answered 404 Not Found", "receiver answered 400 no ann@x")]
    ['receiver answered 404 Not Found', 'receiver answered 400 •••']
    >>> mask_reason("rule deleted"), mask_reason("no broker for ann@x; attempt 3 of 3 was the last")
    ('rule deleted', '•••; attempt 3 of 3 was the last')
    """
    if not text or text in _OURS:
        return text
    spent = _SPENT.search(text)
    tail = spent[0] if spent else ""
    text = text.removesuffix(tail)
    answered = _ANSWERED.match(text)
    if answered is None:
        return MARK + tail
    said = text[answered.end() :].strip()
    phrase = HTTPStatus(int(answered[1])).phrase if int(answered[1]) in _STATUSES else ""
    return (text if said in ("", phrase) else f"{answered[0]} {MARK}") + tail


def mask_fault(text: str) -> str:
    """Return why routing failed, without anything that an error may have said of a detail.

    >>> mask_fault("ValueError: no number: ann@x"), mask_fault("")
    ('ValueError: •••', '')
    """
    if not text or text in _OURS:
        return text
    kind, colon, _said = text.partition(": ")
    return f"{kind}: {MARK}" if colon and kind.isidentifier() else MARK


_ANSWERED = re.compile(r"receiver answered ([0-9]{3})(?= |$)")
_STATUSES = frozenset(map(int, HTTPStatus))
_OURS = frozenset({"rule deleted", "target deleted", REASON})
# What a retry policy says at the end: see ``domain.retry``.
_SPENT = re.compile(
    r"; (attempt \d+ (of \d+ was the last|was the last of the schedule)"
    r"|the next attempt would be later than \d+ s after the event was accepted)$"
)


def _masked_member(name: str, value: Any) -> Any:
    # A body that is the envelope is kept as this word alone.
    if name in _NEVER_OF_A_DETAIL or (name == "body" and value == "envelope"):
        return value
    if name == "headers" and isinstance(value, Mapping):
        return dict.fromkeys(value, MARK)
    return MARK


_NEVER_OF_A_DETAIL = frozenset({"method", "bytes", "status", "cut"})


def _masked(text: bytes, path: str, paths: Collection[str]) -> bytes:
    """Return a value that lies at ``path``, on the way to at least one of ``paths``."""
    match text.lstrip(b" \t\r\n")[:1]:
        case b"[":
            return b"[%b]" % b",".join(_masked(bytes(one), path, paths) for one in _elements.decode(text))
        case b"{":
            members = []
            for name, value in _members.decode(text).items():
                within = f"{path}.{name}"
                kept = bytes(value)
                if within in paths:
                    kept = _MARKED
                elif any(one.startswith(f"{within}.") for one in paths):
                    kept = _masked(kept, within, paths)
                members.append(b"%b:%b" % (msgspec.json.encode(name), kept))
            return b"{%b}" % b",".join(members)
    return text  # nothing lies below a text or a number
