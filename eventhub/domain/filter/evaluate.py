"""A filter as a predicate: closures, compiled once, asked of each event."""

from collections.abc import Callable, Sequence

from eventhub.domain.filter.detail import detail_test
from eventhub.domain.filter.terms import (
    And,
    AnyOf,
    Compare,
    Exists,
    Filter,
    Moment,
    Node,
    Not,
    Nothing,
    Or,
    Term,
    Value,
)
from eventhub.domain.filter.view import EventView, LegView, latency_of
from eventhub.domain.filter.words import FAILED, FAILED_STATUSES, Status

Predicate = Callable[[EventView], bool]
_Legs = Sequence[LegView]
_Asked = Callable[[EventView, _Legs], bool]
_NARROWING = {"rule", "target"}


def compile_filter(asked: Filter, *, now: int) -> Predicate:
    """Return the predicate of a filter; ``now`` (microseconds since 1970) is what ``after:15m`` counts from.

    >>> from eventhub.domain.filter.parse import parse
    >>> big = compile_filter(parse("source:shop.* detail.amount:>100"), now=0)
    >>> big(EventView("", "default", "shop.web", "order.paid", 0, detail=b'{"amount": 120.50}'))
    True
    """
    if asked.node is None:
        return lambda view: True
    test = _asked(asked.node, now)
    return lambda view: test(view, view.legs)


def _asked(node: Node, now: int) -> _Asked:
    match node:
        case Term():
            return _term(node, now)
        case Not(inner):
            inside = _asked(inner, now)
            return lambda view, legs: not inside(view, legs)
        case And(parts):
            return _all(parts, now)
        case Or(parts):
            tests = [_asked(part, now) for part in parts]
            return lambda view, legs: any(test(view, legs) for test in tests)


def _all(parts: Sequence[Node], now: int) -> _Asked:
    """Return the test of a conjunction; rule and target in it narrow the legs that the rest is asked of."""
    narrowing = [part for part in parts if _narrows(part)]
    # What is cheap comes first.
    others = sorted((part for part in parts if not _narrows(part)), key=_cost)
    tests = [_asked(part, now) for part in others]
    if not narrowing:
        return lambda view, legs: all(test(view, legs) for test in tests)
    leg_tests = [_leg_test(part) for part in narrowing if isinstance(part, Term)]

    def narrowed(view: EventView, legs: _Legs) -> bool:
        mine = [leg for leg in legs if all(test(leg) for test in leg_tests)]
        return bool(mine) and all(test(view, mine) for test in tests)

    return narrowed


def _narrows(node: Node) -> bool:
    return isinstance(node, Term) and node.word in _NARROWING and isinstance(node.test, AnyOf)


def _cost(node: Node) -> int:
    """Return 0 for what is compared with a column, more for what has to be read or decoded."""
    match node:
        case Term(word):
            return 2 if word == "detail" else 1 if word in {"text", "trace"} else 0
        case Not(inner):
            return _cost(inner)
        case And(parts) | Or(parts):
            return max(map(_cost, parts))


def _term(term: Term, now: int) -> _Asked:
    test = term.test
    if _narrows(term):
        matches = _leg_test(term)
        return lambda view, legs: any(matches(leg) for leg in legs)
    if isinstance(test, Nothing):
        return lambda view, legs: view.routing is not None and view.routing != "matched"
    if isinstance(test, Moment):
        return _moment(term.word, test.microseconds(now))
    return _OTHERS.get(term.word, _text)(term)


def _moment(word: str, at: int) -> _Asked:
    if word == "after":
        return lambda view, legs: view.accepted_at >= at
    return lambda view, legs: view.accepted_at < at


def _detail(term: Term) -> _Asked:
    inside = detail_test(term)
    return lambda view, legs: inside(view.decoded)


def _leg_test(term: Term) -> Callable[[LegView], bool]:
    assert isinstance(term.test, AnyOf)
    matches = _any_of(term.test.values)
    return (lambda leg: matches(leg.rule)) if term.word == "rule" else (lambda leg: matches(leg.target))


def _any_of(values: Sequence[Value]) -> Callable[[str], bool]:
    exact = frozenset(value.exact for value in values if value.exact is not None)
    globs = [value for value in values if value.exact is None]
    if not globs:
        return lambda text: text in exact
    return lambda text: text in exact or any(value.matches(text) for value in globs)


def _status(term: Term) -> _Asked:
    assert isinstance(term.test, AnyOf)
    names = {value.exact for value in term.test.values}
    wanted = {status for status in Status if status in names}
    if FAILED in names:
        wanted |= FAILED_STATUSES
    return lambda view, legs: view.status(legs) in wanted


def _latency(term: Term) -> _Asked:
    test = term.test
    if isinstance(test, Exists):
        return lambda view, legs: latency_of(legs) is not None
    assert isinstance(test, Compare)

    def holds(view: EventView, legs: _Legs) -> bool:
        latency = latency_of(legs)
        return latency is not None and test.holds(latency)

    return holds


def _attempts(term: Term) -> _Asked:
    test = term.test
    if isinstance(test, Compare):
        return lambda view, legs: bool(legs) and test.holds(max(leg.attempts for leg in legs))
    assert isinstance(test, AnyOf)
    wanted = {int(value.pieces[0]) for value in test.values}
    return lambda view, legs: bool(legs) and max(leg.attempts for leg in legs) in wanted


def _text(term: Term) -> _Asked:
    read, test = _READ[term.word], term.test
    if isinstance(test, Exists):
        return lambda view, legs: read(view) is not None
    assert isinstance(test, AnyOf)
    matches = _any_of(test.values)

    def holds(view: EventView, legs: _Legs) -> bool:
        text = read(view)
        return text is not None and matches(text)

    return holds


_READ: dict[str, Callable[[EventView], str | None]] = {
    "bus": lambda view: view.bus,
    "source": lambda view: view.source,
    "type": lambda view: view.type,
    "key": lambda view: view.key,
    "trace": lambda view: view.trace,
    "id": lambda view: view.id,
}


def _phrase(term: Term) -> _Asked:
    assert isinstance(term.test, AnyOf)
    phrases = [Value(("", *(piece.lower() for piece in value.pieces), "")) for value in term.test.values]

    def holds(view: EventView, legs: _Legs) -> bool:
        return any(
            phrase.matches(text.lower())
            for text in (view.source, view.type, view.detail_text)
            for phrase in phrases
        )

    return holds


_OTHERS: dict[str, Callable[[Term], _Asked]] = {
    "detail": _detail,
    "status": _status,
    "latency": _latency,
    "attempts": _attempts,
    "text": _phrase,
}
