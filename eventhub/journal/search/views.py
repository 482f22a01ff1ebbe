"""Events as filters see them, from their rows: no more of them than the filter asks for."""

from collections.abc import Sequence
from uuid import UUID

from eventhub.domain.filter import EventView, Filter, LegView
from eventhub.journal.search.dialect import Engine


def read_views(ids: Sequence[UUID], asked: Filter, engine: Engine) -> dict[UUID, EventView]:
    """Return the events that are still there, by id."""
    if not ids:
        return {}
    among, parameters = engine.among("id", ids)
    own = "detail AS c6, attributes AS c7" if asked.asks_detail else "'' AS c6, '' AS c7"
    rows = engine.rows(
        "SELECT id AS c0, bus AS c1, source AS c2, detail_type AS c3, accepted_at AS c4, key AS c5,"
        f" {own} FROM event WHERE {among}",
        parameters,
        columns=8,
    )
    views = {
        event_id: EventView(
            id=event_id.hex,
            bus=bus,
            source=source,
            type=detail_type,
            accepted_at=accepted_at,
            key=key,
            detail=detail.encode(),
            attributes=attributes.encode(),
        )
        for stored, bus, source, detail_type, accepted_at, key, detail, attributes in rows
        for event_id in (engine.read_id(stored),)
    }
    if asked.asks_deliveries:
        _read_fate(views, engine)
    return views


def _read_fate(views: dict[UUID, EventView], engine: Engine) -> None:
    among, parameters = engine.among("event_id", list(views))
    for stored, state in engine.rows(
        f"SELECT event_id AS c0, state AS c1 FROM routing WHERE {among}",
        parameters,
        columns=2,
    ):
        views[engine.read_id(stored)].routing = state
    legs: dict[UUID, list[LegView]] = {}
    for stored, rule, target, state, attempts, latency in engine.rows(
        "SELECT event_id AS c0, rule AS c1, target AS c2, state AS c3, attempts AS c4, latency_us AS c5"
        f" FROM outcome WHERE {among}",
        parameters,
        columns=6,
    ):
        legs.setdefault(engine.read_id(stored), []).append(LegView(rule, target, state, attempts, latency))
    for event_id, found in legs.items():
        views[event_id].legs = found
