"""A window of candidates: so many of a driver's, newest first, and those among them that may pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from eventhub.journal.position import Position
from eventhub.journal.search.bounds import Bounds, Key
from eventhub.journal.search.conditions import Condition, all_of
from eventhub.journal.search.dialect import Engine, Parameters, Span
from eventhub.journal.search.drivers import ByBuses, ByIds, ByOutcomes, Driver, Stream

PROBED = 500  # candidates that tell how sparse a driver is
JOINED_AT_MOST = 1000  # candidates that are looked up in another table than their own


@dataclass(frozen=True, slots=True)
class Window:
    """The candidates that may pass; ``reached`` is the last of all that were looked at."""

    candidates: Sequence[tuple[Key, UUID]]
    reached: Key | None  # None: there was none
    exhausted: bool  # there is none after it


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
    by_position = isinstance(driver, ByBuses)
    order = "xid DESC, seq DESC" if by_position else "id DESC"
    # What looks up is asked of the candidates that are left, once it is known between which ids they are.
    first, second = (None, condition) if condition and condition.looks_up else (condition, None)
    inner = _inner(driver, first, bounds, engine, after=after, size=size)
    if inner is None:
        return Window((), None, exhausted=True)
    if inner.joins:
        second = condition
    if second is not None:
        size = min(size, JOINED_AT_MOST)
        inner = _inner(driver, first, bounds, engine, after=after, size=size)
        assert inner is not None  # as before
    rows = engine.rows(
        f"WITH w AS MATERIALIZED ({inner.sql})"
        f" SELECT * FROM (SELECT -1 AS c0, id AS c1, xid AS c2, seq AS c3 FROM w WHERE passes"
        f" ORDER BY {order} LIMIT {size if second else most}) q"
        f" UNION ALL SELECT (SELECT CAST(sum(n) AS bigint) FROM w), l.* FROM"
        f" (SELECT id, xid, seq FROM w ORDER BY {order.replace('DESC', 'ASC')} LIMIT 1) l",
        inner.parameters,
        columns=4,
        seconds=seconds,
    )

    def key(stored: object, xid: int, seq: int) -> Key:
        return Key(engine.read_id(stored), Position(xid, seq) if by_position else None)

    passing = [key(*row[1:]) for row in rows if row[0] == -1]
    passing.sort(key=lambda one: one.position or one.id, reverse=True)
    last = next((row for row in rows if row[0] != -1), None)
    if last is None:
        return Window((), None, exhausted=True)
    if second is not None and passing:
        held = _asked_of(passing, second, engine, seconds)
        passing = [one for one in passing if one.id in held][:most]
    cut = len(passing) == most
    return Window(
        [(one, one.id) for one in passing],
        passing[-1] if cut else key(*last[1:]),
        exhausted=not cut and last[0] < size,
    )


def _asked_of(keys: Sequence[Key], condition: Condition, engine: Engine, seconds: float) -> set[UUID]:
    """Return the ids of those that the condition holds of."""
    ids = [one.id for one in keys]
    among, parameters = engine.among("e.id", ids)
    rows = engine.rows(
        f"SELECT e.id AS c0 FROM event e WHERE {among} AND {condition.between(min(ids), max(ids), engine)}",
        (*parameters, *condition.parameters),
        columns=1,
        seconds=seconds,
    )
    return {engine.read_id(stored) for (stored,) in rows}


def deepest(driver: Driver, bounds: Bounds, engine: Engine) -> tuple[int, int]:
    """Return a figure that is the smaller, the sparser a driver is."""
    inner = _inner(driver, None, bounds, engine, after=None, size=PROBED)
    rows = inner and engine.rows(
        f"WITH w AS MATERIALIZED ({inner.sql})"
        " SELECT (SELECT count(*) FROM w) AS c0, l.id AS c1 FROM (SELECT id FROM w ORDER BY id LIMIT 1) l",
        inner.parameters,
        columns=2,
    )
    if not rows:
        return 0, 0
    count, oldest = rows[0]
    return (0, count) if count < PROBED else (1, engine.read_id(oldest).int)


@dataclass(frozen=True, slots=True)
class _Inner:
    """The window: id, xid, seq, whether it may pass, and how many rows it stands for."""

    sql: str
    parameters: Parameters
    joins: bool  # the condition is still to be asked, of the event


def _inner(
    driver: Driver,
    condition: Condition | None,
    bounds: Bounds,
    engine: Engine,
    *,
    after: Key | None,
    size: int,
) -> _Inner | None:
    high = bounds.high if after is None else min(bounds.high, after.id)
    match driver:
        case ByBuses(bus_ids):
            return _of_buses(bus_ids, condition, bounds, engine, after=after, size=size) if bus_ids else None
        case ByOutcomes(of_leg):
            return _of_outcomes(of_leg, Span("event_id", bounds.low, high), engine, size)
        case ByIds(streams) if len(streams) == 1 and streams[0].table == "event":
            found = engine.span(Span("id", bounds.low, high, streams[0].prefix))
            passes = condition or Condition("(1 = 1)")
            return _Inner(
                f"SELECT e.id, 0 AS xid, 0 AS seq, coalesce({passes.sql}, (1 = 0)) AS passes, 1 AS n"
                f" FROM event e WHERE {_limited(found.where, streams[0])}"
                f" ORDER BY {found.order} LIMIT {size}",
                (*passes.parameters, *found.parameters),
                joins=False,
            )
        case ByIds(streams):
            return _of_streams(streams, bounds.low, high, engine, size) if streams else None


def _of_streams(streams: Sequence[Stream], low: UUID, high: UUID, engine: Engine, size: int) -> _Inner:
    parts: list[str] = []
    parameters: list[object] = []
    for number, stream in enumerate(streams):
        found = engine.span(Span(stream.column, low, high, stream.prefix))
        # Named, so that a row of the same event again is none.
        names = [f"{column} AS p{place}" for place, (column, _value) in enumerate(stream.prefix)]
        order = [*(f"p{place} DESC" for place in range(len(names))), "id DESC"]
        parts.append(
            f"SELECT id FROM (SELECT DISTINCT {', '.join([*names, f'{stream.column} AS id'])}"
            f" FROM {stream.table} t WHERE {_limited(found.where, stream)}"
            f" ORDER BY {', '.join(order)} LIMIT {size}) s{number}"
        )
        parameters.extend(found.parameters)
    return _Inner(
        "SELECT id, 0 AS xid, 0 AS seq, (1 = 1) AS passes, 1 AS n"
        f" FROM ({' UNION '.join(parts)}) u ORDER BY id DESC LIMIT {size}",
        tuple(parameters),
        joins=True,
    )


def _of_buses(
    bus_ids: Sequence[int],
    condition: Condition | None,
    bounds: Bounds,
    engine: Engine,
    *,
    after: Key | None,
    size: int,
) -> _Inner:
    above, below = bounds.positions(engine)
    if after is not None and after.position is not None:
        below = after.position if below is None else min(below, after.position)
    # Ids that positions allow tell which days are asked.
    days = "e.id >= ? AND e.id < ?"
    wide = tuple(map(engine.id, bounds.wide))
    passes = all_of(
        [Condition("e.id >= ? AND e.id < ?", (engine.id(bounds.low), engine.id(bounds.high))), condition]
    )
    assert passes is not None  # the first is
    parts: list[str] = []
    parameters: list[object] = []
    for number, bus_id in enumerate(bus_ids):
        found = engine.bus_span(bus_id, above, below)
        parts.append(
            f"SELECT * FROM (SELECT e.id, e.xid, e.seq, coalesce({passes.sql}, (1 = 0)) AS passes, 1 AS n"
            f" FROM event e WHERE {found.where} AND {days} ORDER BY {found.order} LIMIT {size}) s{number}"
        )
        parameters.extend((*passes.parameters, *found.parameters, *wide))
    return _Inner(
        f"SELECT * FROM ({' UNION ALL '.join(parts)}) u ORDER BY xid DESC, seq DESC LIMIT {size}",
        tuple(parameters),
        joins=False,
    )


def _of_outcomes(of_leg: Condition, span: Span, engine: Engine, size: int) -> _Inner:
    """Return events by their outcomes; of the last one some may lie beyond the window, so it may pass."""
    found = engine.span(span)
    return _Inner(
        "WITH r AS MATERIALIZED (SELECT event_id,"
        f" CASE WHEN {of_leg.sql} THEN 1 ELSE 0 END AS good FROM outcome o WHERE {found.where}"
        f" ORDER BY {found.order} LIMIT {size})"
        " SELECT g.id, 0 AS xid, 0 AS seq, (g.good = 1 OR g.id = g.last) AS passes, g.n"
        " FROM (SELECT event_id AS id, max(good) AS good, count(*) AS n,"
        " (SELECT event_id FROM r ORDER BY event_id LIMIT 1) AS last"
        " FROM r GROUP BY event_id) g",
        (*of_leg.parameters, *found.parameters),
        joins=True,
    )


def _limited(where: str, stream: Stream) -> str:
    return f"{where} AND {stream.where}" if stream.where else where
