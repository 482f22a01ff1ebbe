"""JSON text cut at a depth: what lies deeper is put aside unread, whatever it is.

So the members of a text can be read one by one, in the producer's own bytes, though the rest nests deeper
than a recursing decoder can follow. Nothing is checked here but the balance of brackets.
"""

import re

from eventhub.domain.jsontext import JsonTextError

MAX_DEPTH = 10_000

_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)


def fold(text: bytes, depth: int) -> tuple[bytes, list[bytes]]:
    """Replace each object or array that opens at ``depth`` by its number in brackets; return both.

    Raises JsonTextError beyond ``MAX_DEPTH`` levels.

    >>> fold(b'{"a": {"b": []}, "c": [1], "d": 1}', 1)
    (b'{"a": [0], "c": [1], "d": 1}', [b'{"b": []}', b'[1]'])
    """
    level = reached = start = 0
    kept: list[bytes] = []
    folded: list[bytes] = []
    for bracket in _BRACKET.finditer(text):
        match text[bracket.start()]:
            case 0x7B | 0x5B:  # { [
                if level == depth:
                    start = bracket.start()
                    kept.append(text[reached:start])
                level += 1
                if level > MAX_DEPTH:
                    raise JsonTextError(f"nested deeper than {MAX_DEPTH} levels", bracket.start())
            case 0x7D | 0x5D:  # } ]
                level -= 1
                if level == depth:
                    reached = bracket.end()
                    kept.append(b"[%d]" % len(folded))
                    folded.append(text[start:reached])
    kept.append(text[reached:] if level == 0 else b"")  # unclosed: leave it broken, for the decoder to refuse
    return b"".join(kept), folded


def unfold(value: bytes, folded: list[bytes]) -> bytes:
    """Return what a value of the folded text stands for.

    >>> unfold(b"[0]", [b'{"b": []}']), unfold(b"1", [])
    (b'{"b": []}', b'1')
    """
    return folded[int(value[1:-1])] if value[:1] == b"[" else value
