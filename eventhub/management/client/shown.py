"""An event as a line for people."""

import shutil
from collections.abc import Callable

import msgspec

Paint = Callable[[str], str]


class Told(msgspec.Struct, rename={"detail_type": "detail-type"}):
    """What a line tells of an envelope."""

    id: str
    source: str
    detail_type: str
    time: str
    detail: msgspec.Raw


_read = msgspec.json.Decoder(Told).decode


def line(envelope: bytes, *, faint: Paint, strong: Paint, width: int | None) -> str:
    """Return time, id, source, detail-type and detail, cut to ``width`` characters.

    >>> told = b'"id":"0192f3c7","source":"shop","detail-type":"Order","time":"2026-01-31T08:00:00Z"'
    >>> line(b'{%b,"detail":{"n": 1}}' % told, faint=str, strong=str, width=None)
    '2026-01-31 08:00:00 0192f3c7 shop Order {"n":1}'
    """
    told = _read(envelope)
    when = told.time.replace("T", " ").removesuffix("Z")
    name = f"{printable(told.source)} {printable(told.detail_type)}"
    detail = printable(msgspec.json.format(bytes(told.detail), indent=-1).decode())
    if width is not None:
        room = width - len(f"{when} {told.id} {name} ")
        detail = detail if len(detail) <= room else f"{detail[: max(0, room - 1)]}…"
    return f"{faint(f'{when} {told.id}')} {strong(name)} {detail}"


def one_line(text: bytes) -> str:
    r"""Return JSON in one line: an end of line in it can only stand between its tokens.

    >>> one_line(b'{"a":\n1}')
    '{"a": 1}'
    """
    return text.decode().replace("\r", " ").replace("\n", " ")


def printable(text: str) -> str:
    r"""Return text that changes nothing of a terminal: what is not printable is escaped.

    >>> printable("a\x1b[2Jb\u202e")
    'a\\u001b[2Jb\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)


def terminal_width() -> int:
    """Return how many characters a line of the terminal has."""
    return shutil.get_terminal_size().columns
