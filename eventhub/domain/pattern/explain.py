"""Why an event does or does not match a pattern, field by field.

The explanation keeps the pattern's shape as far as it decides something: fields
with their whole paths, and `$or` with its alternatives. Of the branches that
`$or` makes, the one nearest to holding speaks for the whole; a field is judged
in the nearest branch that has it.

What an explanation may look at is limited: branches are compared in the order
in which they seem near, each field for itself, and it tells how many were not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from eventhub.domain.pattern import words
from eventhub.domain.pattern.asking import Asked
from eventhub.domain.pattern.choosing import Effort
from eventhub.domain.pattern.flatten import Paths, flatten
from eventhub.domain.pattern.nearest import Judged, Nearness, nearness
from eventhub.domain.pattern.operators import Leaf
from eventhub.domain.pattern.rough import rough_distances
from eventhub.domain.pattern.tree import AnyOf, Branch, Field, Group, Node, Pattern
from eventhub.domain.pattern.verdict import Verdict, combined, verdicts_on_each

# Of a path with thousands of values an explanation shows the first.
MAX_FOUND = 20
# What one explanation may look at beside the verdict: some 100 ms.
MAX_EFFORT = 300_000


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
    """`$or`: alternatives of which one must hold, `together` with the fields beside it."""

    alternatives: tuple[AllReport, ...]
    together: bool = True

    @property
    def holds(self) -> bool:
        """Whether an alternative holds as it has to."""
        return self.together and any(one.holds for one in self.alternatives)

    @property
    def words(self) -> str:
        """How it fares, in one sentence."""
        if not self.together:
            return "an alternative holds, but none together with the other fields"
        return "an alternative holds" if self.holds else "no alternative holds"

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        alternatives = [one.as_dict() for one in self.alternatives]
        return {"kind": "any", "holds": self.holds, "words": self.words, "alternatives": alternatives}


@dataclass(frozen=True, slots=True)
class Explanation:
    """The verdict, the tree, and for a non-match how near it was and what failed first.

    `not_compared` counts the branches whose fields were judged each for itself, as there was too much to look
    at: `is_rough` says that the nearest is one of them, so that fewer of its clauses may hold together.
    """

    verdict: Verdict
    clauses: int
    satisfied: int
    first_failing: FieldReport | None
    tree: AllReport
    not_compared: int = 0
    is_rough: bool = False

    @property
    def words(self) -> str:
        """The whole in one sentence."""
        return f"{self._fares}{self._unseen}"

    @property
    def _unseen(self) -> str:
        if self.verdict is Verdict.MATCH or not self.not_compared:
            return ""
        if self.is_rough:
            return " Each clause was judged for itself: there are too many elements to compare."
        ways = "1 other combination" if self.not_compared == 1 else f"{self.not_compared} other combinations"
        return f" Among too many elements, {ways} of alternatives were not compared."

    @property
    def _fares(self) -> str:
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
            "not_compared": self.not_compared,
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
    return explain_leaves(Asked(leaves, pattern.costs), pattern, Effort(MAX_EFFORT))


def explain_leaves(asked: Asked, pattern: Pattern, effort: Effort) -> Explanation:
    """Explain the verdict on an event, given what is asked about it and what may be looked at."""
    verdicts = verdicts_on_each(pattern.branches, asked)
    verdict = combined(verdicts)
    nearest = _nearest(pattern.branches, verdicts, asked, effort)
    reports = _reports(nearest, asked)
    best = nearest[0]
    failing = {id(field) for field, judged in zip(best.branch, best.judged, strict=True) if not judged.holds}
    in_text = [field for field in _fields_in_text(pattern.root) if id(field) in failing]
    tree = _all(pattern.root, reports)
    if verdict is not Verdict.MATCH and tree.holds:
        tree = _not_together(tree)
    return Explanation(
        verdict=verdict,
        clauses=len(best.branch),
        satisfied=best.holding,
        first_failing=reports[id(in_text[0])] if in_text else None,
        tree=AllReport(verdict is Verdict.MATCH, tree.members),
        not_compared=sum(not near.compared for near in nearest),
        is_rough=not best.compared,
    )


def _nearest(
    branches: Sequence[Branch], verdicts: Sequence[Verdict], asked: Asked, effort: Effort
) -> list[Nearness]:
    """Judge the branches and return them, nearest first; what was not compared comes last."""
    rough = rough_distances(branches, asked)
    order = sorted(
        range(len(branches)), key=lambda number: (verdicts[number] is not Verdict.MATCH, rough[number])
    )
    nearest = [
        nearness(branches[number], asked, is_match=verdicts[number] is Verdict.MATCH, effort=effort)
        for number in order
    ]
    if verdicts[order[0]] is Verdict.MATCH:
        return nearest
    return sorted(nearest, key=lambda near: (not near.compared, near.failing, -near.holding))


def _not_together(tree: AllReport) -> AllReport:
    """Say of the alternatives that they hold, and not with all that is beside them."""
    return AllReport(
        tree.holds,
        tuple(replace(one, together=False) if isinstance(one, AnyReport) else one for one in tree.members),
    )


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
    leaves = judged.leaves
    element = leaves[0].element if leaves else None
    if any(leaf.element is not element for leaf in leaves):
        element = None
    if found and not leaves:
        element = near.chosen_instead_of(found[0])
    values = [leaf.value for leaf in leaves[:MAX_FOUND]]
    return FieldReport(
        path=field.path,
        holds=judged.holds,
        wanted=words.wanted(field.values),
        operators=[value.dump() for value in field.values],
        found=values,
        found_in_all=len(found),
        element=element.place if element else None,
        words=(
            f"{field.path} has {len(found)} values, too many to ask what is wanted of each"
            if is_too_much
            else words.sentence(
                field.path,
                field.values,
                words.Shown(values, len(leaves)),
                holds=judged.holds,
                among_all=judged.among_all,
                elsewhere_at_a_loss=judged.among_all and _is_satisfied(field, values),
                place=element.place if element and not leaves else "",
                elsewhere=words.NOTHING
                if leaves
                else words.Shown([leaf.value for leaf in found[:MAX_FOUND]], len(found)),
            )
        ),
        is_too_much=is_too_much,
    )


def _is_satisfied(field: Field, values: Sequence[Leaf]) -> bool:
    return any(operator.matches(value) for value in values for operator in field.values)


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
                members.append(AnyReport(tried))
    return AllReport(all(member.holds for member in members), tuple(members))
