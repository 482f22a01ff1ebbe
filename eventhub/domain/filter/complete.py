"""What could stand at the cursor of a filter's box."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from eventhub.domain.filter.terms import Value
from eventhub.domain.filter.words import EXISTS, NONE, STATUSES, WORDS, Takes

MOST = 20  # candidates at once
_COMPARED = {Takes.COUNT: ">1", Takes.DURATION: ">500ms", Takes.MOMENT: "15m"}


class CandidateKind(StrEnum):
    """What a candidate is."""

    WORD = "word"  # of the language, with its colon
    PATH = "path"  # of a detail, with its colon
    VALUE = "value"  # what may follow a colon


@dataclass(frozen=True, slots=True)
class Known:
    """What was seen lately: ``values`` by word or by ``detail.…`` path, and the detail's ``paths``."""

    values: Mapping[str, Iterable[str]] = field(default_factory=dict)
    paths: Sequence[str] = ()  # such as detail.order.id


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that could stand there, and what it is about."""

    text: str
    about: str
    kind: CandidateKind = CandidateKind.VALUE


@dataclass(frozen=True, slots=True)
class Place:
    """What a cursor is in: the text from ``start`` to ``end``, of which ``prefix`` stands before it."""

    start: int
    end: int
    prefix: str
    name: str | None  # the word or path whose value it is; None: a term begins there


@dataclass(frozen=True, slots=True)
class Completion:
    """The candidates for what stands from ``start`` to ``end``, best first."""

    start: int
    end: int
    candidates: Sequence[Candidate]


def complete(text: str, cursor: int, known: Known) -> Completion:
    """Return what could be written at a cursor (characters from 0); nothing inside what cannot be completed.

    >>> found = complete("source:shop st", 14, Known())
    >>> found.start, [one.text for one in found.candidates]
    (12, ['status:'])
    >>> [one.text for one in complete("type:", 5, Known({"type": ["order paid"]})).candidates]
    ['"order paid"']
    """
    place = place_of(text, cursor)
    if place.name is None:
        found = [*_starting(_words(), place.prefix), *_starting(_paths(known), place.prefix)]
    else:
        values = _starting(_values(place.name, known), place.prefix, bare=True)
        found = [Candidate(_written(one), one.about) for one in values]
    return Completion(place.start, place.end, found[:MOST])


def place_of(text: str, cursor: int) -> Place:
    """Return what a cursor is in.

    >>> place_of("type:paid source:sh", 19)
    Place(start=17, end=19, prefix='sh', name='source')
    """
    cursor = max(0, min(cursor, len(text)))
    start, colon, bar = _token(text, cursor)
    end = _end(text, cursor)
    if colon is None:
        return Place(start, end, text[start:cursor], None)
    begins = (bar if bar is not None else colon) + 1
    return Place(begins, end, text[begins:cursor].lstrip('"'), text[start:colon])


def _token(text: str, cursor: int) -> tuple[int, int | None, int | None]:
    """Return where the term before the cursor begins, its colon, and its last bar."""
    start, colon, bar, quoted, escaped = 0, None, None, False, False
    for at, character in enumerate(text[:cursor]):
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character.isspace() or character in "()" or (character == "-" and at == start):
            start, colon, bar = at + 1, None, None
        elif character == ":" and colon is None:
            colon = at
        elif character == "|":
            bar = at
    return start, colon, bar


def _end(text: str, cursor: int) -> int:
    end = cursor
    while end < len(text) and not text[end].isspace() and text[end] not in "()|:":
        end += 1
    return end


def _words() -> Iterator[Candidate]:
    for word in WORDS.values():
        if word.takes is not Takes.JSON:
            yield Candidate(f"{word.name}:", word.about, CandidateKind.WORD)


def _paths(known: Known) -> Iterator[Candidate]:
    for path in known.paths:
        yield Candidate(f"{path}:", "seen lately", CandidateKind.PATH)


def _values(name: str, known: Known) -> Iterator[Candidate]:
    seen = known.values.get(name, ())
    word = WORDS.get(name.partition(".")[0].partition("[")[0])
    if word is None:
        return
    if word.takes is Takes.STATUS:
        seen = STATUSES
    for value in seen:
        yield Candidate(value, word.about)
    if word.takes in _COMPARED:
        yield Candidate(_COMPARED[word.takes], word.about)
    if word.optional or word.takes is Takes.JSON:
        yield Candidate(EXISTS, "that there is one")
    if name == "rule":
        yield Candidate(NONE, "that no rule matched")


def _starting(candidates: Iterable[Candidate], prefix: str, *, bare: bool = False) -> Iterator[Candidate]:
    """Yield those that begin with the prefix, then, of values, those that hold it."""
    folded = prefix.lower()
    later = []
    for candidate in candidates:
        text = candidate.text.lower()
        if text.startswith(folded):
            yield candidate
        elif bare and folded in text:
            later.append(candidate)
    yield from later


def _written(candidate: Candidate) -> str:
    if candidate.text.startswith(">"):
        return candidate.text
    return str(Value((candidate.text,)))
