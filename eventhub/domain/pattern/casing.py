"""Ignoring case as the reference does: the pattern is varied, the text is not folded.

Each character of the pattern stands for its lower or its upper form and nothing
else, so `ß` stands for `ß` or `SS`, and `ss` does not stand for `ß`. Characters
outside the basic plane have no other case here.
"""

import re


def either_case(wanted: str, *, backwards: bool = False) -> re.Pattern[str]:
    """Compile the texts that equal `wanted` but for case.

    >>> bool(either_case("Straße").fullmatch("STRASSE"))
    True
    >>> bool(either_case("ſ").fullmatch("s"))
    False
    """
    pieces = [_forms(char) for char in wanted]
    if backwards:
        pieces = [[form[::-1] for form in forms] for forms in reversed(pieces)]
    return re.compile("".join(f"(?:{'|'.join(map(re.escape, forms))})" for forms in pieces))


def _forms(char: str) -> list[str]:
    if char > "\uffff":
        return [char]
    return sorted({char.lower(), char.upper()})


def folded(wanted: str) -> str | None:
    """Return what all texts that equal `wanted` but for case become by `str.casefold`, if that is one text.

    A text that begins or ends so begins or ends with it, as characters are folded one by one.

    >>> folded("Straße"), folded("x😀"), folded("ı")
    ('strasse', 'x😀', None)
    """
    folds = [{form.casefold() for form in _forms(char)} for char in wanted]
    return None if any(len(fold) > 1 for fold in folds) else "".join(map(min, folds))


def longest(wanted: str) -> int:
    """Return how long a text can be that equals `wanted` but for case.

    >>> longest("ß")
    2
    """
    return sum(max(map(len, _forms(char))) for char in wanted)
