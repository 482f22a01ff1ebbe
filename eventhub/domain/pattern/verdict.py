"""What comes out of asking whether an event matches a pattern, for one branch or for all of them."""

from collections.abc import Sequence
from enum import Enum

from eventhub.domain.pattern.asking import Asked, TooComplexError
from eventhub.domain.pattern.chains import can_choose_in_chains
from eventhub.domain.pattern.consistency import can_choose
from eventhub.domain.pattern.tree import Branch


class Verdict(Enum):
    """What came out of asking whether an event matches a pattern."""

    MATCH = "match"
    NO_MATCH = "no match"
    TOO_COMPLEX = "too complex"  # asking, or the search through arrays, was given up


def verdict_on_any(branches: Sequence[Branch], asked: Asked) -> Verdict:
    """Judge branches, of which one that holds decides."""
    given_up: list[Branch] = []
    for branch in branches:
        try:
            if can_choose(branch, asked):
                return Verdict.MATCH
        except TooComplexError:
            given_up.append(branch)
    return combined(_verdicts_together(given_up, asked))


def verdicts_on_each(branches: Sequence[Branch], asked: Asked) -> list[Verdict]:
    """Judge each branch for itself."""
    verdicts: list[Verdict] = []
    for branch in branches:
        try:
            verdicts.append(Verdict.MATCH if can_choose(branch, asked) else Verdict.NO_MATCH)
        except TooComplexError:
            verdicts.append(Verdict.TOO_COMPLEX)
    given_up = [number for number, verdict in enumerate(verdicts) if verdict is Verdict.TOO_COMPLEX]
    together = _verdicts_together([branches[number] for number in given_up], asked)
    for number, verdict in zip(given_up, together, strict=True):
        verdicts[number] = verdict
    return verdicts


def combined(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on a pattern by those on its branches.

    >>> combined([Verdict.NO_MATCH, Verdict.TOO_COMPLEX]), combined([])
    (<Verdict.TOO_COMPLEX: 'too complex'>, <Verdict.NO_MATCH: 'no match'>)
    """
    for verdict in (Verdict.MATCH, Verdict.TOO_COMPLEX):
        if verdict in verdicts:
            return verdict
    return Verdict.NO_MATCH


def _verdicts_together(given_up: Sequence[Branch], asked: Asked) -> list[Verdict]:
    """Judge what was given up once more, all at once: often it was for their number only."""
    if not given_up:
        return []
    verdicts = {True: Verdict.MATCH, False: Verdict.NO_MATCH, None: Verdict.TOO_COMPLEX}
    return [verdicts[holds] for holds in can_choose_in_chains(given_up, asked)]
