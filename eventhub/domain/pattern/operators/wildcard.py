r"""`{"wildcard": "a*b"}`: `*` is any run of characters, `\*` a star, `\\` a backslash."""

# ruff: noqa: D102 - what the methods promise stands in base.py

from dataclasses import dataclass, field
from typing import Any, Self

from eventhub.domain.jsontokens import Kind
from eventhub.domain.pattern.operators.base import Leaf
from eventhub.domain.pattern.operators.wording import quoted
from eventhub.domain.pattern.reader import Reader


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A whole string in which each star stands for any run of characters."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    text: str
    pieces: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", split(self.text))

    @classmethod
    def read(cls, reader: Reader) -> Self:
        token = reader.next()
        if token.kind is not Kind.STRING:
            raise reader.error("wildcard match pattern must be a string", "wildcard", wanted="a string")
        text = read_wildcard_text(reader)
        reader.only_key("wildcard", "Only one key allowed in match expression")
        return cls(text)

    def matches(self, leaf: Leaf) -> bool:
        return type(leaf) is str and fits(self.pieces, leaf)

    def dump(self) -> Any:
        return {"wildcard": self.text}

    def words(self) -> str:
        return f"text like {quoted(self.text)}"


def read_wildcard_text(reader: Reader) -> str:
    """Take the current string as a wildcard, or refuse it."""

    # ruff: noqa: D102 - what the methods promise stands in base.py
    token = reader.token
    assert token
    text = reader.text_of(token)
    try:
        split(text)
    except WildcardFault as fault:
        raise reader.error(str(fault), "wildcard", wanted=fault.wanted, found=quoted(text)) from None
    return text


class WildcardFault(ValueError):  # noqa: N818 - becomes a PatternError, is none itself
    """A text that is no wildcard, in the reference's words."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    def __init__(self, reference: str, wanted: str, text: str, at: int) -> None:
        # The reference counts bytes, from the opening quote.
        super().__init__(f"{reference} at pos {len(text[:at].encode()) + 1}")
        self.wanted = wanted


def split(text: str) -> tuple[str, ...]:
    r"""Split a wildcard at its stars.

    >>> split(r"a*\*b*")
    ('a', '*b', '')
    """

    # ruff: noqa: D102 - what the methods promise stands in base.py
    found: list[str] = []
    piece: list[str] = []
    at = 0
    while at < len(text):
        char, following = text[at], text[at + 1 : at + 2]
        if char == "*":
            if following == "*":
                raise WildcardFault("Consecutive wildcard characters", "single stars", text, at)
            found.append("".join(piece))
            piece = []
        elif char == "\\":
            if following not in ("*", "\\"):
                wanted = r"\* or \\ where there is a backslash"
                raise WildcardFault("Invalid escape character", wanted, text, at)
            piece.append(following)
            at += 1
        else:
            piece.append(char)
        at += 1
    return (*found, "".join(piece))


def fits(pieces: tuple[str, ...], text: str) -> bool:
    """Tell whether the text is the pieces with anything between them.

    Taking the leftmost place for each piece is enough, so this never goes back.

    >>> fits(("a", "b", ""), "a-b-c"), fits(("ab", "ba"), "aba")
    (True, False)
    """

    # ruff: noqa: D102 - what the methods promise stands in base.py
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True
