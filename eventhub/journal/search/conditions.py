"""What must be so in the rows of an event that passes a filter, as SQL on ``e``, its row."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from eventhub.domain.filter.asked import NUMBER
from eventhub.domain.filter.terms import (
    And,
    AnyOf,
    Compare,
    Exists,
    Moment,
    Node,
    Not,
    Nothing,
    Or,
    Term,
    Value,
)
from eventhub.domain.filter.words import FAILED, FAILED_STATUSES, Status
from eventhub.journal.search.dialect import Engine, Parameters
from eventhub.journal.states import OutcomeState, RoutingState

COLUMNS = {"bus": "e.bus", "source": "e.source", "type": "e.detail_type", "key": "e.key"}
OF_ROUTING = frozenset(RoutingState) - {RoutingState.MATCHED}
_NOT_MADE = frozenset(OutcomeState) - {OutcomeState.PENDING, OutcomeState.DELIVERED, OutcomeState.DEAD}


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL and its parameters; ``exact`` if it holds for nothing that the filter would refuse.

    One that looks something up for each event names by ``@o`` and ``@r`` where to say between which ids.
    """

    sql: str
    parameters: Parameters = ()
    exact: bool = False

    @property
    def looks_up(self) -> bool:
        """Tell whether other tables are asked for each event."""
        return "@o" in self.sql or "@r" in self.sql

    def between(self, first: UUID, last: UUID, engine: Engine) -> str:
        """Return the SQL for events of ids from one to another."""
        sql = self.sql.replace("@o", engine.between("o.event_id", first, last))
        return sql.replace("@r", engine.between("r.event_id", first, last))


def condition(node: Node, engine: Engine, now: int) -> Condition | None:
    """Return what must hold for what passes; None if nothing can be said."""
    match node:
        case Term():
            return _term(node, engine, now)
        case Not(inner):
            inside = condition(inner, engine, now)
            # Only what is exact can be turned round: a missing key is neither equal nor unequal to a text.
            if inside is None or not inside.exact:
                return None
            return Condition(f"NOT coalesce({inside.sql}, {_FALSE})", inside.parameters, exact=True)
        case And(parts):
            legs = [
                part
                for part in parts
                if isinstance(part, Term) and part.word in OF_LEGS and not isinstance(part.test, Nothing)
            ]
            found = [condition(part, engine, now) for part in parts if part not in legs]
            found.extend(_legs(legs, engine))
            return all_of(found, exact=not legs and None not in found)
        case Or(parts):
            return any_of([condition(part, engine, now) for part in parts])


def all_of(found: Sequence[Condition | None], *, exact: bool = False) -> Condition | None:
    """Return what holds where all of these hold."""
    known = [one for one in found if one is not None]
    if not known:
        return None
    return Condition(
        " AND ".join(one.sql for one in known),
        tuple(value for one in known for value in one.parameters),
        exact and all(one.exact for one in known),
    )


def any_of(found: Sequence[Condition | None]) -> Condition | None:
    """Return what holds where one of these holds."""
    known = [one for one in found if one is not None]
    if len(known) < len(found) or not known:
        return None
    return Condition(
        f"({' OR '.join(f'({one.sql})' for one in known)})",
        tuple(value for one in known for value in one.parameters),
        all(one.exact for one in known),
    )


_FALSE = "(1 = 0)"
OF_LEGS = {"rule", "target", "attempts", "latency", "status"}
_NARROWING = {"rule", "target"}
_RAREST = ["latency", "attempts", "status"]  # what is likely to hold of few comes first


def _term(term: Term, engine: Engine, now: int) -> Condition | None:
    if isinstance(term.test, Nothing):
        return _routed(OF_ROUTING)
    if term.word in OF_LEGS:
        return _leg([term], engine) or _status(term)
    if isinstance(term.test, Moment):
        at = term.test.microseconds(now)
        return Condition("e.accepted_at " + (">= ?" if term.word == "after" else "< ?"), (at,), exact=True)
    if term.word in COLUMNS:
        return _column(term, engine)
    others: dict[str, Callable[[Term, Engine], Condition | None]] = {
        "detail": _detail,
        "text": _phrase,
        "trace": _trace,
    }
    return others[term.word](term, engine) if term.word in others else None


def _column(term: Term, engine: Engine) -> Condition:
    column = engine.text(COLUMNS[term.word])
    if isinstance(term.test, Exists):
        return Condition(f"{column} IS NOT NULL", exact=True)
    assert isinstance(term.test, AnyOf)
    return texts(column, term.test.values, engine)


def texts(column: str, values: Sequence[Value], engine: Engine) -> Condition:
    """Return that a column is one of these."""
    parts: list[str] = []
    parameters: list[object] = []
    for value in values:
        if value.exact is not None:
            parts.append(f"{column} = ?")
            parameters.append(value.exact)
        else:
            sql, parameter = engine.glob(column, value.pieces)
            parts.append(sql)
            parameters.append(parameter)
    return Condition(f"({' OR '.join(parts)})", tuple(parameters), exact=True)


def _legs(terms: Sequence[Term], engine: Engine) -> list[Condition | None]:
    """Return that there are outcomes that these hold of, of each of the rules and targets that they name."""
    narrowing = [term for term in terms if term.word in _NARROWING]
    others = [term for term in terms if term.word not in _NARROWING]
    # One delivery may be the slowest and another the one with the most attempts.
    asked = [[*narrowing, term] for term in others] or ([narrowing] if narrowing else [])
    return [*(_leg(some, engine) for some in asked), *(_status(term) for term in others)]


def leg_condition(terms: Sequence[Term], engine: Engine) -> Condition | None:
    """Return what one outcome of what passes must be, if one must: a condition on ``o``."""
    narrowing = [term for term in terms if term.word in _NARROWING and not isinstance(term.test, Nothing)]
    others = [term for term in terms if term.word in _RAREST and _of_outcome(term, engine)]
    some = [*narrowing, *sorted(others, key=lambda term: _RAREST.index(term.word))[:1]]
    return all_of([_of_outcome(term, engine) for term in some])


def _leg(terms: Sequence[Term], engine: Engine) -> Condition | None:
    """Return that there is one outcome of which all these hold."""
    inner = all_of([_of_outcome(term, engine) for term in terms])
    if inner is None:
        return None
    return Condition(
        f"(SELECT 1 FROM outcome o WHERE o.event_id = e.id AND @o AND {inner.sql} LIMIT 1) IS NOT NULL",
        inner.parameters,
    )


def _of_outcome(term: Term, engine: Engine) -> Condition | None:
    test = term.test
    if term.word in {"rule", "target"} and isinstance(test, AnyOf):
        return texts(engine.text(f"o.{term.word}"), test.values, engine)
    if term.word == "status":
        return _status_of_outcome(term)
    column = {"attempts": "o.attempts", "latency": "o.latency_us"}.get(term.word)
    if column is None:
        return None
    if isinstance(test, Exists):
        return Condition(f"{column} IS NOT NULL")
    if isinstance(test, Compare):
        return Condition(f"{column} {test.operator} ?", (test.number,))
    assert isinstance(test, AnyOf)
    return Condition(f"({' OR '.join([f'{column} = ?'] * len(test.values))})", _counts(test))


def _counts(test: AnyOf) -> tuple[int, ...]:
    return tuple(int(value.pieces[0]) for value in test.values)


def statuses(term: Term) -> set[Status]:
    """Return the statuses that a ``status:`` asks for."""
    assert isinstance(term.test, AnyOf)
    names = {value.exact for value in term.test.values}
    return {status for status in Status if status in names} | (FAILED_STATUSES if FAILED in names else set())


_OUTCOMES = {
    Status.DEAD: "o.state = 'dead'",
    Status.DELIVERED: "o.state = 'delivered'",
    Status.RETRYING: "o.state = 'pending' AND o.attempts > 0",
    Status.NOT_MADE: f"o.state IN ({', '.join(repr(state.value) for state in sorted(_NOT_MADE))})",
}


def _status_of_outcome(term: Term) -> Condition | None:
    wanted = statuses(term)
    if wanted - _OUTCOMES.keys():
        return None
    return Condition("(" + " OR ".join(f"({_OUTCOMES[status]})" for status in sorted(wanted)) + ")")


def _status(term: Term) -> Condition | None:
    """Return what holds of a status that outcomes alone do not tell: events without a match have none."""
    wanted = statuses(term) if term.word == "status" else set()
    of_routing = {state for state in OF_ROUTING if state.value in wanted}
    of_outcome = sorted(wanted & _OUTCOMES.keys())
    if not of_routing or len(of_routing) + len(of_outcome) < len(wanted):
        return None
    return any_of([_routed(of_routing), *([_any_outcome(of_outcome)] if of_outcome else [])])


def _any_outcome(wanted: Sequence[Status]) -> Condition:
    states = " OR ".join(f"({_OUTCOMES[status]})" for status in wanted)
    return Condition(
        f"(SELECT 1 FROM outcome o WHERE o.event_id = e.id AND @o AND ({states}) LIMIT 1) IS NOT NULL"
    )


def _routed(states: frozenset[RoutingState] | set[RoutingState]) -> Condition:
    names = ", ".join(f"'{state}'" for state in sorted(states))
    return Condition(f"(SELECT r.state FROM routing r WHERE r.event_id = e.id AND @r LIMIT 1) IN ({names})")


def _detail(term: Term, engine: Engine) -> Condition | None:
    """Return that the names on the way, and a text at its end, occur; or an escape, which may spell them."""
    wanted = [json.dumps(step, ensure_ascii=False) for step in term.path if isinstance(step, str)]
    found: list[Condition | None] = [_holds(text, engine) for text in wanted if "\\" not in text]
    if isinstance(term.test, AnyOf):
        found.append(any_of([_text_of_value(value, engine) for value in term.test.values]))
    plain = all_of(found)
    if plain is None:
        return None
    return any_of([plain, _holds("\\", engine)])


def _text_of_value(value: Value, engine: Engine) -> Condition | None:
    exact = value.exact
    if exact is None or (
        not value.quoted and (NUMBER.fullmatch(exact) or exact in {"true", "false", "null"})
    ):
        return None
    text = json.dumps(exact, ensure_ascii=False)
    return None if "\\" in text else _holds(text, engine)


def _holds(text: str, engine: Engine) -> Condition:
    return Condition(engine.contains("e.detail"), (text,))


def _phrase(term: Term, engine: Engine) -> Condition | None:
    assert isinstance(term.test, AnyOf)
    found: list[Condition | None] = [_holds("\\", engine)]
    for value in term.test.values:
        pattern = _like(value)
        found.extend(
            Condition(engine.like(column), (pattern,)) for column in ("e.detail", "e.source", "e.detail_type")
        )
    return any_of(found)


def _like(value: Value) -> str:
    """Return a pattern that holds where the phrase does; letters beyond ASCII fold each engine's own way."""
    escaped = "%".join(value.pieces).replace("\\", "\\\\").replace("_", "\\_")
    return "%" + "".join(letter if letter.isascii() else "%" for letter in escaped) + "%"


def _trace(term: Term, engine: Engine) -> Condition:
    held = Condition(engine.contains("e.attributes"), ("trace",))
    if isinstance(term.test, AnyOf) and all(value.exact is not None for value in term.test.values):
        texts_ = [Condition(engine.contains("e.attributes"), (value.exact,)) for value in term.test.values]
        return any_of(texts_) or held
    return held
