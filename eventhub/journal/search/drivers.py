"""Which index can give the candidates of a filter, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventhub.domain.filter.terms import And, AnyOf, Node, Not, Nothing, Or, Term, Value, conjuncts
from eventhub.domain.filter.words import Status
from eventhub.journal.search.conditions import OF_LEGS, OF_ROUTING, Condition, leg_condition, statuses
from eventhub.journal.search.dialect import Engine

MOST_STREAMS = 60
MOST_NAMES = 100  # distinct values of a column that are looked through for a glob
MOST_RETRIED = 20_000  # deliveries; more are too many to sort

_INDEXED = {"source": ("event", "source"), "type": ("event", "detail_type"), "key": ("event", "key")}
_OF_OUTCOME = {"rule": ("outcome", "rule"), "target": ("outcome", "target")}


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows of one table that an index has in the order of events' ids."""

    table: str
    column: str  # that holds the event's id
    prefix: tuple[tuple[str, str], ...] = ()  # columns that the index begins with, and their values
    where: str = ""  # what the index is limited to


@dataclass(frozen=True, slots=True)
class ByIds:
    """Candidates from some streams."""

    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class ByBuses:
    """The events of some buses, by position."""

    bus_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ByOutcomes:
    """The events of outcomes that are looked through one by one: no index, but no look-up for each event."""

    condition: Condition  # of o


Driver = ByIds | ByBuses | ByOutcomes
EVERYTHING = ByIds((Stream("event", "id"),))


@dataclass(frozen=True, slots=True)
class Drive:
    """A driver, and the part of the filter that need not be asked of its candidates in SQL."""

    driver: Driver
    covers: Node | None = None


def drives(node: Node | None, engine: Engine) -> list[Drive]:
    """Return every driver that gives all that a filter lets pass."""
    parts = list(conjuncts(node))
    of_legs = [part for part in parts if isinstance(part, Term) and part.word in OF_LEGS]
    found = []
    for part in parts:
        driver = _driver(part, engine)
        if driver is not None:
            # Beside another, a term about deliveries tells with it which delivery is meant.
            found.append(Drive(driver, part if [part] == of_legs else None))
    if not found:
        condition = leg_condition([part for part in of_legs if isinstance(part, Term)], engine)
        if condition is not None:
            found.append(Drive(ByOutcomes(condition)))
    return found


def _driver(node: Node, engine: Engine) -> Driver | None:
    match node:
        case Term():
            return _of_term(node, engine)
        case Or(parts):
            return _joined(parts, engine)
        case And():
            return next((found for part in node.parts if (found := _driver(part, engine))), None)
        case Not():
            return None


def _joined(parts: Sequence[Node], engine: Engine) -> Driver | None:
    streams: list[Stream] = []
    for part in parts:
        found = _driver(part, engine)
        if not isinstance(found, ByIds):
            return None
        streams.extend(found.streams)
    streams = list(dict.fromkeys(streams))
    return ByIds(tuple(streams)) if len(streams) <= MOST_STREAMS else None


def _of_term(term: Term, engine: Engine) -> ByIds | ByBuses | None:
    test = term.test
    if isinstance(test, Nothing):
        return ByIds(tuple(_routed(state) for state in sorted(OF_ROUTING)))
    if not isinstance(test, AnyOf):
        return None
    if term.word == "status":
        return _of_statuses(statuses(term), engine)
    if term.word == "bus":
        return _of_buses(test.values, engine)
    place = _INDEXED.get(term.word) or _OF_OUTCOME.get(term.word)
    return None if place is None else _of_values(*place, test.values, engine)


def _of_values(table: str, column: str, values: Sequence[Value], engine: Engine) -> ByIds | None:
    indexed = engine.text(column)
    exact = {value.exact for value in values if value.exact is not None}
    globs = [value for value in values if value.exact is None]
    if globs:
        if column == "key":  # as many as events
            return None
        for value in globs:
            names = _names(table, indexed, value.pieces[0], engine)
            if names is None:
                return None
            exact.update(name for name in names if value.matches(name))
    if len(exact) > MOST_STREAMS:
        return None
    where = "key IS NOT NULL" if column == "key" else ""
    event_id = "id" if table == "event" else "event_id"
    return ByIds(tuple(Stream(table, event_id, ((indexed, name),), where) for name in sorted(exact)))


def _names(table: str, indexed: str, prefix: str, engine: Engine) -> list[str] | None:
    """Return the distinct values of an indexed column with a prefix, one look-up each; None if too many."""
    beyond = prefix + chr(0x10FFFF)
    found = engine.rows(
        f"WITH RECURSIVE v(name) AS (SELECT min({indexed}) FROM {table} WHERE {indexed} >= ? UNION ALL"
        f" SELECT (SELECT min({indexed}) FROM {table} WHERE {indexed} > v.name) FROM v WHERE v.name < ?)"
        f" SELECT name AS c0 FROM v WHERE v.name < ? LIMIT {MOST_NAMES + 1}",
        (prefix, beyond, beyond),
        columns=1,
    )
    names = [name for (name,) in found]
    return None if len(names) > MOST_NAMES else names


def _of_buses(values: Sequence[Value], engine: Engine) -> ByBuses | None:
    """Return the buses of these names; a bus keeps its name, but unknown ones share the number 0."""
    found = engine.rows(
        "WITH RECURSIVE b(id) AS (SELECT min(bus_id) FROM event UNION ALL"
        " SELECT (SELECT min(bus_id) FROM event WHERE bus_id > b.id) FROM b WHERE b.id IS NOT NULL)"
        " SELECT b.id AS c0, (SELECT e.bus FROM event e WHERE e.bus_id >= b.id AND e.bus_id <= b.id"
        f" ORDER BY e.bus_id DESC, {engine.position_order} LIMIT 1) AS c1 FROM b WHERE b.id IS NOT NULL"
        f" LIMIT {MOST_NAMES + 1}",
        (),
        columns=2,
    )
    bus_ids = [
        bus_id for bus_id, name in found if bus_id == 0 or any(value.matches(name or "") for value in values)
    ]
    return None if len(found) > MOST_NAMES or len(bus_ids) > MOST_STREAMS else ByBuses(tuple(bus_ids))


def _of_statuses(wanted: set[Status], engine: Engine) -> ByIds | None:
    streams = dict.fromkeys(_status_streams(wanted, engine))
    return ByIds(tuple(stream for stream in streams if stream)) if all(streams) else None


def _status_streams(wanted: set[Status], engine: Engine) -> Iterator[Stream | None]:
    """Yield a stream for each status, None where there is none: what is common needs no index."""
    for status in sorted(wanted):
        if status.value in OF_ROUTING:
            yield _routed(status)
        elif status is Status.DEAD:
            yield Stream("dead_letter", "event_id")
        elif status is Status.RETRYING and _few_retried(engine):
            yield Stream(engine.retried, "event_id")
            yield Stream("dead_letter", "event_id")  # what was redriven counts as tried from the first
        else:
            yield None


def _routed(state: str) -> Stream:
    return Stream("routing", "event_id", (("state", state),), "state <> 'matched'")


def _few_retried(engine: Engine) -> bool:
    limited = f"SELECT 1 FROM delivery WHERE failed LIMIT {MOST_RETRIED + 1}"
    ((count,),) = engine.rows(f"SELECT count(*) AS c0 FROM ({limited}) d", (), columns=1)
    return int(count) <= MOST_RETRIED
