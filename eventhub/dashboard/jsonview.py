"""JSON laid out for reading, without changing a digit: the text is cut into tokens, never decoded."""

import re
from collections.abc import Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# Longer texts are shown as they are: a browser takes seconds over this many coloured pieces.
COLOURED_BYTES = 64 * 1024
_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|([{}\[\],])|([^\s{}\[\],":]+)|\s+')


def laid_out(text: str) -> SafeString:
    """Return JSON text, indented and with its tokens marked, as markup.

    >>> laid_out('{"a":1.50,"b":[]}')
    '{\\n  <span class="j-key">&quot;a&quot;</span>: <span class="j-number">1.50</span>,\\n  <span class="j-key">&quot;b&quot;</span>: []\\n}'
    """  # noqa: E501 - a doctest's answer is one line
    if len(text) > COLOURED_BYTES:
        return escape(text)
    return mark_safe("".join(_pieces(text)))  # noqa: S308 - every token passes `escape`


def _pieces(text: str) -> Iterator[str]:
    depth = 0
    fresh = False  # just after an opening bracket
    end = 0
    for found in _TOKEN.finditer(text):
        if found.start() != end:
            yield escape(text[end : found.start()])
        end = found.end()
        string, colon, mark, word = found.groups()
        if mark in {"}", "]"}:
            depth = max(0, depth - 1)
            yield mark if fresh else f"\n{'  ' * depth}{mark}"
            fresh = False
            continue
        if string is None and mark is None and word is None:
            continue
        if fresh:
            yield "\n" + "  " * depth
            fresh = False
        if mark in {"{", "["}:
            depth += 1
            fresh = True
            yield mark
        elif mark == ",":
            yield f",\n{'  ' * depth}"
        elif string is not None:
            kind = "key" if colon else "string"
            yield f'<span class="j-{kind}">{escape(string)}</span>' + (": " if colon else "")
        else:
            kind = "word" if word in {"true", "false", "null"} else "number"
            yield f'<span class="j-{kind}">{escape(word)}</span>'
    yield escape(text[end:])
