"""A whole pattern as one English sentence, for people who look through a list of rules.

It says what the pattern picks, not each of its values: long lists and long patterns end in "… more".
"""

from collections.abc import Iterator, Sequence

from eventhub.domain.pattern.error import PatternError
from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.operators.wording import one_of, quoted
from eventhub.domain.pattern.parse import parse
from eventhub.domain.pattern.tree import AnyOf, Field, Group, Node, Pattern

MOST_VALUES = 3
MOST_CONDITIONS = 5
_ENVELOPE = frozenset({"version", "id", "detail-type", "source", "account", "time", "region", "resources"})
_DETAIL = "detail."
# What an operator says of itself, where the sentence has a verb of its own for it.
_VERBS = {
    "text that ": "",
    "text like ": "is like ",
    "any value": "is there",
    "no value": "is absent",
}


def english(pattern: Pattern) -> str:
    """Return the sentence.

    >>> from eventhub.domain.pattern import parse
    >>> english(parse('{"source": ["shop", "till"], "detail": {"amount": [{"numeric": [">", 100]}]}}'))
    'Events from "shop" or "till" where amount is more than 100.'
    >>> english(parse('{"detail-type": ["paid"], "$or": [{"detail": {"vip": [true]}}, {"source": ["crm"]}]}'))
    'Events of type "paid" where either vip is true, or source is "crm".'
    >>> english(parse('{"source": [{"exists": true}]}'))
    'Events where source is there.'
    """
    kept = {id(one) for one in pattern.fields}
    said, conditions = "Events", []
    for one in _members(pattern.root, kept):
        if led := _led(one):
            said += led
        elif condition := _condition(one, kept):
            conditions.append(condition)
    if conditions:
        said += f" where {_all_of(conditions)}"
    return f"{said}."


def rule_in_english(pattern: str, schedule: str) -> str:
    """Return what a rule with this pattern and this schedule does, either of which may be empty.

    >>> rule_in_english("", "rate(1 hour)")
    'Makes an event itself: rate(1 hour).'
    >>> rule_in_english('{"source": ["shop"]}', "")
    'Events from "shop".'
    """
    said = [f"Makes an event itself: {schedule}."] if schedule else []
    if pattern.strip():
        try:
            said.append(english(parse(pattern)))
        except PatternError as error:  # only by a hand in the database: saving refuses it
            said.append(f"Nothing: its pattern cannot be read. {error}")
    return " ".join(said)


def _led(one: Field | AnyOf) -> str:
    """Return ``from …`` or ``of type …`` for the fields that have words of their own, or nothing."""
    word = {"source": "from", "detail-type": "of type"}.get(one.path) if isinstance(one, Field) else None
    if word is None or not isinstance(one, Field):
        return ""
    phrase = _predicate(one.values)
    is_plain = phrase.startswith("is ") and phrase not in ("is there", "is absent") and ", or " not in phrase
    return f" {word} {phrase.removeprefix('is ')}" if is_plain else ""


def _condition(one: Field | AnyOf, kept: set[int]) -> str:
    if isinstance(one, Field):
        return f"{_short(one.path)} {_predicate(one.values)}"
    ways = [
        _all_of(conditions)
        for alternative in one.alternatives
        if (conditions := [_condition(member, kept) for member in _members(alternative, kept)])
    ]
    shown = [*ways[:MOST_VALUES], *_more(len(ways) - MOST_VALUES, "way")]
    return f"either {', or '.join(shown)}" if len(shown) > 1 else "".join(shown)


def _predicate(operators: Sequence[Operator]) -> str:
    """Say what a value list asks for, with its verb.

    >>> from eventhub.domain.pattern import parse
    >>> _predicate(parse('{"a": ["x", {"prefix": "y"}, null, {"exists": false}]}').branches[0][0].values)
    'is "x" or null, or starts with "y", or is absent'
    """
    named: list[str] = []
    others: list[str] = []
    for operator in operators:
        words = operator.words()
        verb = next((start for start in _VERBS if words.startswith(start)), None)
        if verb is None:
            named.append(words)
        else:
            others.append(_VERBS[verb] + words.removeprefix(verb))
    named = [*named[:MOST_VALUES], *_more(len(named) - MOST_VALUES, "")]
    others = [*others[:MOST_VALUES], *_more(len(others) - MOST_VALUES, "")]
    return ", or ".join([f"is {one_of(named)}", *others] if named else others)


def _all_of(conditions: Sequence[str]) -> str:
    shown = [*conditions[:MOST_CONDITIONS], *_more(len(conditions) - MOST_CONDITIONS, "condition")]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _more(count: int, what: str) -> list[str]:
    if count <= 0:
        return []
    return [f"{count} more{f' {what}' if what else ''}{'s' if what and count > 1 else ''}"]


def _short(path: str) -> str:
    """Return a path without ``detail.``, unless that would name a member of the envelope.

    >>> _short("detail.amount"), _short("detail.source"), _short("account")
    ('amount', 'detail.source', 'account')
    """
    inner = path.removeprefix(_DETAIL)
    shown = path if inner.partition(".")[0] in _ENVELOPE else inner
    return shown if shown.strip() else quoted(shown)


def _members(group: Group, kept: set[int]) -> Iterator[Field | AnyOf]:
    """Give a group's conditions in their order; a field that a later one replaced is none."""
    todo: list[Node] = [*reversed(group.members)]
    while todo:
        match todo.pop():
            case Field() as field:
                if id(field) in kept:
                    yield field
            case Group(members=members):
                todo += reversed(members)
            case AnyOf() as any_of:
                yield any_of
