"""A file or pipe as lines, in batches: large while much comes, and never kept back while nothing does."""

import os
import select
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

LINE_BYTES = 17 * 2**20  # more than the largest entry that may be set
READ_BYTES = 2**18
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class LineTooLongError(Exception):
    """A line is longer than anything that could be put."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and its number, from 1; empty ones are counted and left out."""

    number: int
    text: bytes


def batches(file: int, most_lines: int, most_bytes: int) -> Iterator[tuple[list[Line], int]]:
    """Give the lines of a file descriptor, and with each batch how many bytes were read since the last.

    Read without a buffer of Python's, which could neither tell whether more is there nor be left at Ctrl-C.
    """
    number = size = read = 0
    batch: list[Line] = []
    held = bytearray()
    is_over = False
    while not is_over:
        chunk = os.read(file, READ_BYTES)
        is_over = not chunk
        read += len(chunk)
        held += chunk
        whole, _, rest = (held, b"", bytearray()) if is_over else held.rpartition(b"\n")
        if len(rest) > LINE_BYTES:
            raise LineTooLongError(f"line {number + whole.count(10) + 1} is longer than {LINE_BYTES} bytes")
        held = bytearray(rest)
        for text in bytes(whole).split(b"\n") if whole else ():
            number += 1
            stripped = (text.removeprefix(_BYTE_ORDER_MARK) if number == 1 else text).strip()
            if not stripped:
                continue
            if batch and (len(batch) == most_lines or size + len(stripped) > most_bytes):
                yield batch, read
                batch, size, read = [], 0, 0
            batch.append(Line(number, stripped))
            size += len(stripped)
        if batch and (is_over or not _is_more(file)):
            yield batch, read
            batch, size, read = [], 0, 0


def _is_more(file: int) -> bool:
    """Tell whether something can be read at once, be it the end."""
    return bool(select.select([file], [], [], 0)[0])


_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def keyed(text: bytes, key: str) -> bytes:
    r"""Return an entry's text with ``key`` as its id, unless it has one; raises ValueError, saying why not.

    >>> keyed(b'{"source": "shop", "detail": {}}', "run:7")
    b'{"id":"run:7","source": "shop", "detail": {}}'
    """
    try:
        members = _members.decode(text)
    except msgspec.ValidationError:
        raise ValueError("wanted a JSON object") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if "id" in members:
        return text
    rest = text[1:].lstrip() if members else b"}"
    return b'{"id":%b%b%b' % (msgspec.json.encode(key), b"," if members else b"", rest)
