"""Pieces of the English that operators are described in."""

import json
from collections.abc import Sequence


def quoted(text: str) -> str:
    r"""Show a text in quotes, blanks and controls made visible.

    >>> print(quoted('a\n"b" é'))
    "a\n\"b\" é"
    """
    return json.dumps(text, ensure_ascii=False)


def one_of(words: Sequence[str]) -> str:
    """Join alternatives.

    >>> one_of(["1", "2", "3"])
    '1, 2 or 3'
    """
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} or {words[-1]}"
