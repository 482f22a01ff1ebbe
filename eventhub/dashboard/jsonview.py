"""JSON laid out for reading, without changing a digit: the text is cut into tokens, never decoded."""

import json
import re
from collections.abc import Callable, Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# Longer texts are shown as they are: a browser takes seconds over this many coloured pieces.
COLOURED_BYTES = 64 * 1024
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|([{}\[\],])|([^\s{}\[\],":]+)|\s+')

# Given a value's path as patterns have it and its place, with the elements of arrays: a class for it, or "".
Marker = Callable[[str, str], str]


def laid_out(text: str, marker: Marker | None = None) -> SafeString:
    """Return JSON text, indented and with its tokens marked, as markup.

    >>> laid_out('{"a":1.50,"b":[]}')
    '{\\n  <span class="j-key">&quot;a&quot;</span>: <span class="j-number">1.50</span>,\\n  <span class="j-key">&quot;b&quot;</span>: []\\n}'
    >>> laid_out("[7]", lambda path, place: f"{path}{place}")
    '[\\n  <mark class="[0]"><span class="j-number">7</span></mark>\\n]'
    """  # noqa: E501 - a doctest's answer is one line
    if len(text) > COLOURED_BYTES:
        return escape(text)
    return mark_safe("".join(_pieces(text, marker)))  # noqa: S308 - every token passes `escape`


class _Way:
    """Where the reader of tokens is: a name for each object around, an index for each array."""

    def __init__(self) -> None:
        self.steps: list[str | int] = []

    def path(self) -> str:
        """Return the names, joined as patterns join them."""
        return ".".join(step for step in self.steps if isinstance(step, str))

    def place(self) -> str:
        """Return the names and the indexes.

        >>> way = _Way()
        >>> way.steps = ["a", 0, "b"]
        >>> way.place()
        'a[0].b'
        """
        place = ""
        for step in self.steps:
            place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else step
        return place


def _pieces(text: str, marker: Marker | None) -> Iterator[str]:
    way = _Way()
    fresh = False  # just after an opening bracket
    end = 0
    for found in _TOKEN.finditer(text):
        if found.start() != end:
            yield escape(text[end : found.start()])
        end = found.end()
        string, colon, mark, word = found.groups()
        if mark in {"}", "]"}:
            if way.steps:
                way.steps.pop()
            yield mark if fresh else f"\n{'  ' * len(way.steps)}{mark}"
            fresh = False
            continue
        if string is None and mark is None and word is None:
            continue
        if fresh:
            yield "\n" + "  " * len(way.steps)
            fresh = False
        if mark in {"{", "["}:
            way.steps.append("" if mark == "{" else 0)
            fresh = True
            yield mark
        elif mark == ",":
            if way.steps and isinstance(way.steps[-1], int):
                way.steps[-1] += 1
            yield f",\n{'  ' * len(way.steps)}"
        elif string is not None and colon:
            if marker is not None and way.steps:
                way.steps[-1] = _name(string)
            yield f'<span class="j-key">{escape(string)}</span>: '
        else:
            yield _value(string or word, way, marker)
    yield escape(text[end:])


def _value(token: str, way: _Way, marker: Marker | None) -> str:
    kind = "string" if token[0] == '"' else "word" if token in {"true", "false", "null"} else "number"
    shown = f'<span class="j-{kind}">{escape(token)}</span>'
    given = marker(way.path(), way.place()) if marker is not None else ""
    return f'<mark class="{escape(given)}">{shown}</mark>' if given else shown


def _name(token: str) -> str:
    """Return a member's name; one with escapes is read as JSON reads it."""
    if "\\" not in token:
        return token[1:-1]
    try:
        return str(json.loads(token))
    except ValueError:
        return token[1:-1]
