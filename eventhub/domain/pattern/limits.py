"""What a pattern may cost, judged when it is saved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eventhub.domain.pattern.error import PatternError, line_and_column
from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.operators.anything_but import AnythingBut
from eventhub.domain.pattern.operators.wildcard import Wildcard
from eventhub.domain.pattern.operators.wording import quoted
from eventhub.domain.pattern.reader import Reader
from eventhub.domain.pattern.tree import Pattern

# EventBridge's API takes no longer pattern.
MAX_CHARACTERS = 4096
# Branches multiply: twenty `$or` of two would be a million.
MAX_BRANCHES = 1000
# An explanation nests as `$or` does, and readers of JSON have limits, too.
MAX_OR_DEPTH = 50
# EventBridge accepts wildcards up to 7 and refuses 11; ten is the example in its engine's manual.
MAX_WILDCARD_COMPLEXITY = 10

_SURROGATES = frozenset(map(chr, range(0xD800, 0xE000)))


def checked_text(text: str | bytes) -> str:
    """Return the pattern's text, if it is UTF-8 and not too long."""
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError:
            raise PatternError("the pattern's JSON", wanted="UTF-8", found="other bytes") from None
    elif not _SURROGATES.isdisjoint(text):
        raise PatternError("the pattern's JSON", wanted="characters of Unicode", found="half of a pair")
    if len(text) > MAX_CHARACTERS:
        raise PatternError(
            "a pattern",
            wanted=f"at most {MAX_CHARACTERS} characters",
            found=str(len(text)),
            reference_text=f"Event pattern is longer than {MAX_CHARACTERS} characters",
        )
    return text


def check_or_depth(depth: int, reader: Reader) -> None:
    """Refuse `$or` inside `$or` inside `$or` and so on."""
    if depth > MAX_OR_DEPTH:
        raise reader.error(
            "Rule is too complex - try using fewer $or combinations",
            "$or",
            wanted=f"at most {MAX_OR_DEPTH} levels",
            found="more",
        )


def check_branches(count: int, reader: Reader) -> None:
    """Refuse a `$or` that makes too many branches."""
    if count > MAX_BRANCHES:
        raise reader.error(
            "Rule is too complex - try using fewer $or combinations",
            "$or",
            wanted=f"at most {MAX_BRANCHES} combinations",
            found="more",
        )


def check(pattern: Pattern, offsets: Mapping[int, int]) -> None:
    """Refuse a pattern that would cost too much to match.

    `offsets` says by a field's identity where its value list begins in the text.
    """
    for field in pattern.fields:
        wildcards = list(_wildcards(field.values))
        if complexity(wildcards) > MAX_WILDCARD_COMPLEXITY:
            line, column = line_and_column(pattern.text, offsets[id(field)])
            raise PatternError(
                "wildcard",
                wanted="fewer stars, or less repetition behind them",
                found=", ".join(quoted(wildcard.text) for wildcard in wildcards),
                path=field.path,
                line=line,
                column=column,
                reference_text="Rule is too complex - try using fewer wildcard characters "
                "or fewer repeating character sequences after a wildcard character",
            )


def _wildcards(operators: Iterable[Operator]) -> Iterator[Wildcard]:
    for operator in operators:
        if isinstance(operator, Wildcard):
            yield operator
        elif isinstance(operator, AnythingBut):
            yield from _wildcards(operator.excluded)


def complexity(wildcards: Sequence[Wildcard]) -> int:
    """Count the places in a field's wildcards at which one reader of a text may be at once.

    Wildcards count together if a text can begin with the first pieces of all of them.

    >>> complexity([Wildcard("*.png"), Wildcard("*.jpg")]), complexity([Wildcard("a*"), Wildcard("b*")])
    (4, 1)
    """
    most = 0
    for first in {wildcard.pieces[0] for wildcard in wildcards}:
        together = [wildcard.pieces for wildcard in wildcards if first.startswith(wildcard.pieces[0])]
        most = max(most, wildcard_complexity(*together))
    return most


def wildcard_complexity(*wildcards: tuple[str, ...]) -> int:
    """Count the places in wildcards, each given by its pieces, that a text may have reached all at once.

    That is each star, and each start of a piece behind a star, however short,
    with which the text read so far may end. The text that serves most of them
    is itself the start of a piece.

    >>> from eventhub.domain.pattern.operators.wildcard import split
    >>> wildcard_complexity(split("*.png")), wildcard_complexity(split("*:*:*:*:*:event-bus/*"))
    (2, 11)
    """
    behind = [piece for pieces in wildcards for piece in pieces[1:]]
    if len(behind) > MAX_WILDCARD_COMPLEXITY:
        return len(behind)
    most = 0
    for text in set(behind):
        counts = [0] * len(text)
        for piece in behind:
            for at, count in enumerate(_starts_ending_at(piece, text)):
                counts[at] += count
        most = max(most, *counts, 0)
    return len(behind) + most


def _starts_ending_at(piece: str, text: str) -> Iterator[int]:
    """For each place in the text: how many starts of the piece end there."""
    # shorter[n] is the longest start of the piece, below n, with which piece[:n] ends;
    # chain[n] is how many such starts there are, n itself included.
    shorter, chain = [0, 0], [0, 1]
    length = 0
    for char in piece[1:]:
        while length and piece[length] != char:
            length = shorter[length]
        length += piece[length] == char
        shorter.append(length)
        chain.append(chain[length] + 1)
    length = 0
    for char in text:
        while length and (length == len(piece) or piece[length] != char):
            length = shorter[length]
        length += length < len(piece) and piece[length] == char
        yield chain[length]
