"""What was seen lately: sources, types, and details of the newest event of each type.

Read of the event types, which are few beside the events, within a time: whoever types does not wait.
"""

from eventhub.journal.search.dialect import Engine, Parameters, TimeUp
from eventhub.journal.searching import Lately

TYPES_READ = 10_000  # at most: of more than that, any so many
LARGEST_DETAIL = 16_384  # characters: larger ones say little more, and take long


def names_lately(asked: Lately, engine: Engine) -> list[str]:
    """Return the values of a column, the last seen first; none if the time was up."""
    column, (types, parameters) = asked.column, _types(asked)
    statement = f"SELECT {column} AS c0 FROM ({types}) t GROUP BY {column} ORDER BY max(last_at) DESC LIMIT ?"
    try:
        rows = engine.rows(statement, (*parameters, asked.most), columns=1, seconds=asked.box_seconds)
    except TimeUp:
        return []
    return [name for (name,) in rows]


def details_lately(asked: Lately, engine: Engine) -> list[tuple[int, bytes]]:
    """Return the newest event's detail of each type, with its bus; none if the time was up."""
    types, parameters = _types(asked)
    statement = f"SELECT event_id AS c0 FROM ({types}) t ORDER BY last_at DESC LIMIT ?"
    try:
        rows = engine.rows(statement, (*parameters, asked.most), columns=1, seconds=asked.box_seconds)
        ids = [engine.read_id(stored) for (stored,) in rows]
        if not ids:
            return []
        among, of_ids = engine.among("id", ids)
        found = engine.rows(
            f"SELECT id AS c0, bus_id AS c1, detail AS c2 FROM event WHERE {among}"
            f" AND length(detail) <= {LARGEST_DETAIL}",
            of_ids,
            columns=3,
            seconds=asked.box_seconds,
        )
    except TimeUp:
        return []
    by_id = {engine.read_id(stored): (bus_id, detail.encode()) for stored, bus_id, detail in found}
    return [by_id[event_id] for event_id in ids if event_id in by_id]


def _types(asked: Lately) -> tuple[str, Parameters]:
    where = ""
    parameters: Parameters = ()
    if asked.bus_ids is not None:
        marks = ", ".join("?" * len(asked.bus_ids)) or "NULL"
        where, parameters = f" WHERE bus_id IN ({marks})", tuple(sorted(asked.bus_ids))
    columns = "source, detail_type, last_at, event_id"
    return f"SELECT {columns} FROM event_type{where} LIMIT {TYPES_READ}", parameters
