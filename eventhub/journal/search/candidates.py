"""A window of candidates: so many of a driver's, newest first, and those among them that may pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from eventhub.journal.position import Position
from eventhub.journal.search.bounds import Bounds, Key
from eventhub.journal.search.conditions import Condition
from eventhub.journal.search.dialect import Engine, Parameters
from eventhub.journal.search.drivers import ByBuses, Driver, Stream

PROBED = 500  # candidates that tell how sparse a driver is
JOINED_AT_MOST = 4000  # candidates that are looked up in another table than their own


@dataclass(frozen=True, slots=True)
class Window:
    """The candidates that may pass; ``reached`` is the last of all that were looked at."""

    candidates: Sequence[tuple[Key, UUID]]
    reached: Key | None  # None: there was none
    exhausted: bool  # there is none after it


_Text = tuple[str, Parameters]


def window(
    driver: Driver,
    condition: Condition | None,
    bounds: Bounds,
    engine: Engine,
    *,
    after: Key | None,
    size: int,
    most: int,
    seconds: float,
) -> Window:
    """Look at the next ``size`` candidates after a key; return at most ``most`` that may pass."""
    if isinstance(driver, ByBuses):
        if not driver.bus_ids:
            return Window((), None, exhausted=True)
        order = "xid DESC, seq DESC"
        inner, parameters = _of_buses(driver.bus_ids, condition, bounds, engine, after=after, size=size)
    else:
        if not driver.streams:
            return Window((), None, exhausted=True)
        if any(stream.table != "event" for stream in driver.streams):
            size = min(size, JOINED_AT_MOST)
        order = "id DESC"
        inner, parameters = _of_streams(driver.streams, condition, bounds, engine, after=after, size=size)
    backwards = order.replace("DESC", "ASC")
    rows = engine.rows(
        f"WITH w AS MATERIALIZED ({inner})"
        f" SELECT * FROM (SELECT -1 AS c0, id AS c1, xid AS c2, seq AS c3 FROM w WHERE passes"
        f" ORDER BY {order} LIMIT {most}) p"
        " UNION ALL SELECT (SELECT count(*) FROM w), l.* FROM"
        f" (SELECT id, xid, seq FROM w ORDER BY {backwards} LIMIT 1) l",
        parameters,
        columns=4,
        seconds=seconds,
    )
    by_position = isinstance(driver, ByBuses)

    def key(stored: object, xid: int, seq: int) -> Key:
        return Key(engine.read_id(stored), Position(xid, seq) if by_position else None)

    passing = [key(*row[1:]) for row in rows if row[0] == -1]
    passing.sort(key=lambda one: one.position or one.id, reverse=True)
    last = next((row for row in rows if row[0] != -1), None)
    if last is None:
        return Window((), None, exhausted=True)
    cut = len(passing) == most
    return Window(
        [(one, one.id) for one in passing],
        passing[-1] if cut else key(*last[1:]),
        exhausted=not cut and last[0] < size,
    )


def deepest(driver: Driver, bounds: Bounds, engine: Engine) -> tuple[int, int]:
    """Return a figure that is the smaller, the sparser a driver is."""
    if isinstance(driver, ByBuses):
        if not driver.bus_ids:
            return 0, 0
        inner, parameters = _of_buses(driver.bus_ids, None, bounds, engine, after=None, size=PROBED)
    else:
        if not driver.streams:
            return 0, 0
        inner, parameters = _of_streams(driver.streams, None, bounds, engine, after=None, size=PROBED)
    rows = engine.rows(
        f"WITH w AS MATERIALIZED ({inner})"
        " SELECT (SELECT count(*) FROM w) AS c0, l.id AS c1 FROM (SELECT id FROM w ORDER BY id LIMIT 1) l",
        parameters,
        columns=2,
    )
    if not rows:
        return 0, 0
    count, oldest = rows[0]
    return (0, count) if count < PROBED else (1, engine.read_id(oldest).int)


def _of_streams(
    streams: Sequence[Stream],
    condition: Condition | None,
    bounds: Bounds,
    engine: Engine,
    *,
    after: Key | None,
    size: int,
) -> _Text:
    high = bounds.high if after is None else min(bounds.high, after.id)
    span = (engine.id(bounds.low), engine.id(high))
    if len(streams) == 1 and streams[0].table == "event":
        passes, values = _passes(condition)
        where, its = streams[0].where, streams[0].parameters
        return (
            f"SELECT e.id, 0 AS xid, 0 AS seq, {passes} AS passes FROM event e"
            f" WHERE {where} AND e.id >= ? AND e.id < ? ORDER BY e.id DESC LIMIT {size}",
            (*values, *its, *span),
        )
    parts: list[str] = []
    parameters: list[object] = []
    for number, stream in enumerate(streams):
        distinct = "" if stream.table == "event" else "DISTINCT "
        parts.append(
            f"SELECT id FROM (SELECT {distinct}{stream.column} AS id FROM {stream.table} t"
            f" WHERE {stream.where} AND {stream.column} >= ? AND {stream.column} < ?"
            f" ORDER BY {stream.column} DESC LIMIT {size}) s{number}"
        )
        parameters.extend((*stream.parameters, *span))
    candidates = f"SELECT id FROM ({' UNION '.join(parts)}) u ORDER BY id DESC LIMIT {size}"
    return _joined(candidates, parameters, condition, engine, "0 AS xid, 0 AS seq")


def _of_buses(
    bus_ids: Sequence[int],
    condition: Condition | None,
    bounds: Bounds,
    engine: Engine,
    *,
    after: Key | None,
    size: int,
) -> _Text:
    within, span = bounds.positions(engine)
    if after is not None and after.position is not None:
        sql, values = engine.beside(after.position, below=True)
        within, span = f"{within} AND {sql}", (*span, *values)
    exact = "e.id >= ? AND e.id < ?"
    ids = (engine.id(bounds.low), engine.id(bounds.high))
    if len(bus_ids) == 1:
        passes, values = _passes(condition)
        return (
            f"SELECT e.id, e.xid, e.seq, ({exact} AND {passes}) AS passes FROM event e"
            f" WHERE e.bus_id = ? AND {within} ORDER BY {engine.position_order} LIMIT {size}",
            (*ids, *values, bus_ids[0], *span),
        )
    parts: list[str] = []
    parameters: list[object] = []
    for number, bus_id in enumerate(bus_ids):
        parts.append(
            f"SELECT * FROM (SELECT e.id, e.xid, e.seq FROM event e WHERE e.bus_id = ? AND {within}"
            f" ORDER BY {engine.position_order} LIMIT {size}) s{number}"
        )
        parameters.extend((bus_id, *span))
    candidates = f"SELECT * FROM ({' UNION ALL '.join(parts)}) u ORDER BY xid DESC, seq DESC LIMIT {size}"
    with_ids = (
        Condition(exact, ids)
        if condition is None
        else Condition(f"{exact} AND {condition.sql}", (*ids, *condition.parameters))
    )
    return _joined(candidates, parameters, with_ids, engine, "c.xid, c.seq")


def _joined(
    candidates: str, parameters: Sequence[object], condition: Condition | None, engine: Engine, place: str
) -> _Text:
    if condition is None:
        return f"SELECT c.id, {place}, (1 = 1) AS passes FROM ({candidates}) c", tuple(parameters)
    return (
        f"SELECT c.id, {place}, coalesce({condition.sql}, (1 = 0)) AS passes"
        f" FROM ({candidates}) c {engine.join_event}",
        (*condition.parameters, *parameters),
    )


def _passes(condition: Condition | None) -> _Text:
    if condition is None:
        return "(1 = 1)", ()
    return f"coalesce({condition.sql}, (1 = 0))", condition.parameters
