"""Which index can give the candidates of a filter, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventhub.domain.filter.terms import And, AnyOf, Node, Not, Nothing, Or, Term, Value
from eventhub.domain.filter.words import Status
from eventhub.journal.search.conditions import OF_ROUTING, statuses
from eventhub.journal.search.dialect import Engine, Parameters

MOST_STREAMS = 64
MOST_NAMES = 100  # distinct values of a column that are looked through for a glob
MOST_PENDING = 20_000  # deliveries; more are too many to sort

_INDEXED = {"source": ("event", "source"), "type": ("event", "detail_type"), "key": ("event", "key")}
_OF_OUTCOME = {"rule": ("outcome", "rule"), "target": ("outcome", "target")}


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows of one table that an index has in the order of events' ids; ``where`` must hold in them."""

    table: str
    column: str  # that holds the event's id
    where: str
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class ByIds:
    """Candidates from some streams."""

    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class ByBuses:
    """The events of some buses, by position."""

    bus_ids: tuple[int, ...]


Driver = ByIds | ByBuses
EVERYTHING = ByIds((Stream("event", "id", "1 = 1"),))


def drivers(node: Node | None, engine: Engine) -> list[Driver]:
    """Return every driver that gives all that a filter lets pass."""
    match node:
        case Term():
            found = _of_term(node, engine)
            return [] if found is None else [found]
        case And(parts):
            return [found for part in parts for found in drivers(part, engine)]
        case Or(parts):
            joined = _joined(parts, engine)
            return [] if joined is None else [joined]
        case Not() | None:
            return []


def _joined(parts: Sequence[Node], engine: Engine) -> Driver | None:
    streams: list[Stream] = []
    for part in parts:
        first = next((found for found in drivers(part, engine) if isinstance(found, ByIds)), None)
        if first is None:
            return None
        streams.extend(first.streams)
    streams = list(dict.fromkeys(streams))
    return ByIds(tuple(streams)) if len(streams) <= MOST_STREAMS else None


def _of_term(term: Term, engine: Engine) -> Driver | None:
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
        names = _names(table, indexed, engine)
        if names is None:
            return None
        exact.update(name for name in names if any(value.matches(name) for value in globs))
    if len(exact) > MOST_STREAMS:
        return None
    extra = " AND key IS NOT NULL" if column == "key" else ""  # the index has no others
    event_id = "id" if table == "event" else "event_id"
    return ByIds(tuple(Stream(table, event_id, f"{indexed} = ?{extra}", (name,)) for name in sorted(exact)))


def _names(table: str, indexed: str, engine: Engine) -> list[str] | None:
    """Return the distinct values of an indexed column, one look-up each; None if there are too many."""
    found = engine.rows(
        f"WITH RECURSIVE v(name) AS (SELECT min({indexed}) FROM {table} UNION ALL"
        f" SELECT (SELECT min({indexed}) FROM {table} WHERE {indexed} > v.name) FROM v"
        " WHERE v.name IS NOT NULL)"
        f" SELECT name AS c0 FROM v LIMIT {MOST_NAMES + 1}",
        (),
        columns=1,
    )
    names = [name for (name,) in found if name is not None]
    return None if len(names) > MOST_NAMES else names


def _of_buses(values: Sequence[Value], engine: Engine) -> ByBuses | None:
    """Return the buses of these names; a bus keeps its name, but unknown ones share the number 0."""
    found = engine.rows(
        "WITH RECURSIVE b(id) AS (SELECT min(bus_id) FROM event UNION ALL"
        " SELECT (SELECT min(bus_id) FROM event WHERE bus_id > b.id) FROM b WHERE b.id IS NOT NULL)"
        " SELECT b.id AS c0, (SELECT e.bus FROM event e WHERE e.bus_id = b.id"
        f" ORDER BY {engine.position_order} LIMIT 1) AS c1 FROM b WHERE b.id IS NOT NULL"
        f" LIMIT {MOST_NAMES + 1}",
        (),
        columns=2,
    )
    bus_ids = [
        bus_id for bus_id, name in found if bus_id == 0 or any(value.matches(name or "") for value in values)
    ]
    return None if len(found) > MOST_NAMES or len(bus_ids) > MOST_STREAMS else ByBuses(tuple(bus_ids))


def _of_statuses(wanted: set[Status], engine: Engine) -> ByIds | None:
    streams = list(_status_streams(wanted, engine))
    return ByIds(tuple(stream for stream in streams if stream)) if all(streams) else None


def _status_streams(wanted: set[Status], engine: Engine) -> Iterator[Stream | None]:
    """Yield a stream for each status, None where there is none: what is common needs no index."""
    for status in sorted(wanted):
        if status.value in OF_ROUTING:
            yield _routed(status)
        elif status is Status.DEAD:
            yield Stream("dead_letter", "event_id", "1 = 1")
        elif status is Status.RETRYING and _few_pending(engine):
            yield Stream(engine.pending, "event_id", "1 = 1")
        else:
            yield None


def _routed(state: str) -> Stream:
    return Stream("routing", "event_id", f"state <> 'matched' AND state = '{state}'")


def _few_pending(engine: Engine) -> bool:
    limited = f"SELECT 1 FROM delivery LIMIT {MOST_PENDING + 1}"
    ((count,),) = engine.rows(f"SELECT count(*) AS c0 FROM ({limited}) d", (), columns=1)
    return int(count) <= MOST_PENDING
