"""A parsed filter: a tree of terms; ``str`` gives its canonical text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eventhub.domain.filter.words import EXISTS, NONE, OF_DELIVERIES, WORDS, Takes

# What may stand in a value without quotes. A leading - would be read as a negation of a value alone.
_BARE = re.compile(r'[^\s"()|*\\]+')
_NAME = re.compile(r'[^\s"()|*\\.:\[\]]+')


@dataclass(frozen=True, slots=True)
class Value:
    """A text with gaps: between its pieces may be anything. ``quoted``: a string, whatever it spells."""

    pieces: tuple[str, ...]
    quoted: bool = False

    @property
    def exact(self) -> str | None:
        """Return the text if there is no gap in it."""
        return self.pieces[0] if len(self.pieces) == 1 else None

    def matches(self, text: str) -> bool:
        """Tell whether a text is this one; takes time linear in the text for each piece.

        >>> Value(("order.", "")).matches("order.paid"), Value(("a", "b", "c")).matches("abbc")
        (True, True)
        """
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return text == first
        end = len(text) - len(last)
        if len(first) > end or not text.startswith(first) or not text.endswith(last):
            return False
        at = len(first)
        for piece in self.pieces[1:-1]:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    def __str__(self) -> str:
        if self.exact is not None and (self.quoted or not self.exact):
            return _quoted(self.exact)
        return "*".join(
            piece if not piece or (_BARE.fullmatch(piece) and piece[0] not in "<>") else _quoted(piece)
            for piece in self.pieces
        )


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of some values."""

    values: tuple[Value, ...]

    def __str__(self) -> str:
        return "|".join(map(str, self.values))


@dataclass(frozen=True, slots=True)
class Compare:
    """A number on one side of another; of a duration, in microseconds."""

    operator: str  # > >= < <=
    number: float
    text: str  # as it was written

    def holds(self, number: float) -> bool:
        """Tell whether a number is on that side."""
        match self.operator:
            case ">":
                return number > self.number
            case ">=":
                return number >= self.number
            case "<":
                return number < self.number
        return number <= self.number

    def __str__(self) -> str:
        return f"{self.operator}{self.text}"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment: ``at`` in microseconds since 1970, or that long before now."""

    text: str
    at: int | None = None
    ago: int | None = None

    def microseconds(self, now: int) -> int:
        """Return the moment."""
        return self.at if self.at is not None else now - (self.ago or 0)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Exists:
    """That there is one."""

    def __str__(self) -> str:
        return EXISTS


@dataclass(frozen=True, slots=True)
class Nothing:
    """That there is none: ``rule:none``."""

    def __str__(self) -> str:
        return NONE


Test = AnyOf | Compare | Moment | Exists | Nothing
Step = str | int | None  # a member, an element's number, every element


@dataclass(frozen=True, slots=True)
class Term:
    """A word, for ``detail`` its path, and what is asked of it."""

    word: str
    test: Test
    path: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return f"{self.word}{path_text(self.path)}:{self.test}"


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    inner: "Node"

    def __str__(self) -> str:
        return f"-{_inside(self.inner)}"


@dataclass(frozen=True, slots=True)
class And:
    """What must hold together."""

    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """Of which one must hold."""

    parts: "tuple[Node, ...]"

    def __str__(self) -> str:
        return " OR ".join(map(str, self.parts))


Node = Term | Not | And | Or


@dataclass(frozen=True, slots=True)
class Filter:
    """A whole filter; without a node it lets everything pass."""

    node: Node | None = None

    def __str__(self) -> str:
        return "" if self.node is None else str(self.node)

    @property
    def terms(self) -> list[Term]:
        """Return every term in it, as written."""
        return [] if self.node is None else list(_terms(self.node))

    @property
    def asks_detail(self) -> bool:
        """Tell whether the event's own text is asked: detail, attributes, key."""
        return any(term.word in {"detail", "text", "trace", "key"} for term in self.terms)

    @property
    def asks_deliveries(self) -> bool:
        """Tell whether something is asked that changes after an event was accepted."""
        return any(term.word in OF_DELIVERIES for term in self.terms)


def conjuncts(node: Node | None) -> Iterator[Node]:
    """Yield what must hold together, however it was nested."""
    if isinstance(node, And):
        for part in node.parts:
            yield from conjuncts(part)
    elif node is not None:
        yield node


def _terms(node: Node) -> Iterator[Term]:
    match node:
        case Term():
            yield node
        case Not(inner):
            yield from _terms(inner)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _terms(part)


def _inside(node: Node) -> str:
    return str(node) if isinstance(node, Term | Not) else f"({node})"


def path_text(path: tuple[Step, ...]) -> str:
    """Return a path as filters have it behind ``detail``.

    >>> path_text(("items", None, "unit price"))
    '.items[*]."unit price"'
    """
    return "".join(map(_step, path))


def _step(step: Step) -> str:
    if isinstance(step, str):
        return f".{step}" if _NAME.fullmatch(step) else f".{_quoted(step)}"
    return "[*]" if step is None else f"[{step}]"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def takes(term: Term) -> Takes:
    """Return what the term's word takes."""
    return WORDS[term.word].takes
