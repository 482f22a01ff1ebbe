"""Why an event does or does not match a pattern, field by field.

The explanation keeps the pattern's shape as far as it decides something: fields
with their whole paths, and `$or` with its alternatives. Of the branches that
`$or` makes, the one nearest to holding speaks for the whole; a field is judged
in the nearest branch that has it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eventhub.domain.pattern import words
from eventhub.domain.pattern.asking import Asked, TooComplexError
from eventhub.domain.pattern.consistency import can_choose
from eventhub.domain.pattern.flatten import Found, Paths, flatten
from eventhub.domain.pattern.match import Verdict
from eventhub.domain.pattern.nearest import Judged, Nearness, nearness
from eventhub.domain.pattern.tree import AnyOf, Field, Group, Node, Pattern

# Of a path with thousands of values an explanation shows the first.
MAX_FOUND = 20


@dataclass(frozen=True, slots=True)
class FieldReport:
    """How one field of the pattern fares; `element` is the array element that came nearest.

    `operators` and `found` are decoded JSON, numbers as they were written (`Number`).
    """

    path: str
    holds: bool
    wanted: str
    operators: list[Any]
    found: list[Any]
    found_in_all: int
    element: str | None
    words: str
    is_too_much: bool = False

    @property
    def verdict(self) -> Verdict:
        """The answer for this field in the array elements that were chosen."""
        if self.is_too_much:
            return Verdict.TOO_COMPLEX
        return Verdict.MATCH if self.holds else Verdict.NO_MATCH

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "kind": "field",
            "path": self.path,
            "verdict": self.verdict.value,
            "holds": self.holds,
            "wanted": self.wanted,
            "operators": self.operators,
            "found": self.found,
            "found_in_all": self.found_in_all,
            "element": self.element,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True)
class AllReport:
    """Members that must hold together."""

    holds: bool
    members: "tuple[FieldReport | AnyReport, ...]"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"kind": "all", "holds": self.holds, "members": [one.as_dict() for one in self.members]}


@dataclass(frozen=True, slots=True)
class AnyReport:
    """`$or`: alternatives of which one must hold."""

    holds: bool
    alternatives: tuple[AllReport, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        alternatives = [one.as_dict() for one in self.alternatives]
        return {"kind": "any", "holds": self.holds, "alternatives": alternatives}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict, the tree, and for a non-match how near it was and what failed first."""

    verdict: Verdict
    clauses: int
    satisfied: int
    first_failing: FieldReport | None
    tree: AllReport

    @property
    def words(self) -> str:
        """The whole in one sentence."""
        if self.verdict is Verdict.MATCH:
            return "The one clause holds." if self.clauses == 1 else f"All {self.clauses} clauses hold."
        if self.verdict is Verdict.TOO_COMPLEX:
            if self.first_failing and self.first_failing.is_too_much:
                return f"Too complex: {self.first_failing.words}."
            return "The search through the event's arrays was given up as too complex."
        so_far = f"{self.satisfied} of {self.clauses} clauses hold"
        if self.first_failing is None:
            return f"{so_far}, but not together."
        return f"{so_far}; {self.first_failing.words}."

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values for `jsontext.encode`, which writes numbers as they were written."""
        return {
            "verdict": self.verdict.value,
            "matches": self.verdict is Verdict.MATCH,
            "clauses": self.clauses,
            "satisfied": self.satisfied,
            "first_failing": self.first_failing.path if self.first_failing else None,
            "words": self.words,
            "tree": self.tree.as_dict(),
        }


def explain(pattern: Pattern, event: dict[str, Any]) -> Explanation:
    """Explain the verdict on one event.

    >>> from eventhub.domain.pattern import parse
    >>> pattern = parse('{"source": ["shop"], "detail": {"amount": [{"numeric": [">", 500]}]}}')
    >>> explain(pattern, {"source": "shop", "detail": {"amount": 120}}).words
    '1 of 2 clauses hold; detail.amount is 120, wanted more than 500.'
    """
    leaves = flatten(event, Paths.of(field.path for field in pattern.fields))
    return explain_leaves(pattern, leaves)


def explain_leaves(pattern: Pattern, leaves: Mapping[str, list[Found]]) -> Explanation:
    """Explain the verdict on an event, given its leaves at the pattern's paths."""
    asked = Asked(leaves, pattern.costs)
    verdict, nearest = _judge(pattern, asked)
    reports = _reports(nearest, asked)
    best = nearest[0]
    failing = {id(field) for field, judged in zip(best.branch, best.judged, strict=True) if not judged.holds}
    in_text = [field for field in _fields_in_text(pattern.root) if id(field) in failing]
    return Explanation(
        verdict=verdict,
        clauses=len(best.branch),
        satisfied=best.holding,
        first_failing=reports[id(in_text[0])] if in_text else None,
        tree=AllReport(verdict is Verdict.MATCH, _all(pattern.root, reports).members),
    )


def _judge(pattern: Pattern, asked: Asked) -> tuple[Verdict, list[Nearness]]:
    """Return the verdict and the branches, nearest first."""
    verdict = Verdict.NO_MATCH
    holding = []
    for branch in pattern.branches:
        try:
            holding.append(can_choose(branch, asked))
        except TooComplexError:
            holding.append(False)
            verdict = Verdict.TOO_COMPLEX
    if any(holding):
        verdict = Verdict.MATCH
    # Only now: what nearness spends must not change the verdict.
    asked.searched = 0
    nearest = [
        nearness(branch, asked, is_match=holds)
        for branch, holds in zip(pattern.branches, holding, strict=True)
    ]
    nearest.sort(key=lambda near: (near.failing, -near.holding))
    return verdict, nearest


def _reports(nearest: Iterable[Nearness], asked: Asked) -> dict[int, FieldReport]:
    """Report each field as the nearest branch that has it sees it, by the field's identity."""
    reports: dict[int, FieldReport] = {}
    for near in nearest:
        for field, judged in zip(near.branch, near.judged, strict=True):
            if id(field) not in reports:
                reports[id(field)] = _report(field, asked, near, judged)
    return reports


def _report(field: Field, asked: Asked, near: Nearness, judged: Judged) -> FieldReport:
    """Report the values in the chosen elements.

    Of a field that has none there, and some in another element, those are told apart: they do not count,
    whatever they are.
    """
    found = asked.leaves.get(field.path, [])
    is_too_much = bool(found) and asked.answer(field) is None
    elements = {leaf.element for leaf in judged.leaves}
    element = next(iter(elements)) if len(elements) == 1 else None
    if found and not judged.leaves:
        element = near.chosen_instead_of(found[0])
    values = [leaf.value for leaf in judged.leaves]
    return FieldReport(
        path=field.path,
        holds=judged.holds,
        wanted=words.wanted(field.values),
        operators=[value.dump() for value in field.values],
        found=values[:MAX_FOUND],
        found_in_all=len(found),
        element=element.place if element else None,
        words=(
            f"{field.path} has {len(found)} values, too many to ask what is wanted of each"
            if is_too_much
            else words.sentence(
                field.path,
                field.values,
                values,
                holds=judged.holds,
                among_all=judged.among_all,
                place=element.place if element and not values else "",
                elsewhere=[] if values else [leaf.value for leaf in found],
            )
        ),
        is_too_much=is_too_much,
    )


def _fields_in_text(root: Group) -> list[Field]:
    fields: list[Field] = []
    todo: list[Node] = [root]
    while todo:
        match todo.pop():
            case Field() as field:
                fields.append(field)
            case Group(members=members):
                todo += reversed(members)
            case AnyOf(alternatives=alternatives):
                todo += reversed(alternatives)
    return fields


def _all(group: Group, reports: dict[int, FieldReport]) -> AllReport:
    """Report a group and, in line, the groups inside it: their fields tell the whole path.

    Only `$or` recurses here. How deep it goes is limited when the pattern is read.
    """
    members: list[FieldReport | AnyReport] = []
    todo: list[Node] = [*reversed(group.members)]
    while todo:
        match todo.pop():
            case Field() as field:
                # A field whose path comes again later is in no branch: it was replaced.
                if id(field) in reports:
                    members.append(reports[id(field)])
            case Group(members=inner):
                todo += reversed(inner)
            case AnyOf(alternatives=alternatives):
                tried = tuple(_all(alternative, reports) for alternative in alternatives)
                members.append(AnyReport(any(one.holds for one in tried), tried))
    return AllReport(all(member.holds for member in members), tuple(members))
