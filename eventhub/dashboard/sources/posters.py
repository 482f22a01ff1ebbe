"""By which keys the newest events of sources came: what an administrator asks before a key is revoked."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from django.db import connections

from eventhub.models import ApiKey

NEWEST = 20  # events of each source that are looked at
_AT_ONCE = 100  # parts of one statement: SQLite takes at most 500
_SEEK = {
    "sqlite": "SELECT source, who FROM event WHERE source = %s{buses} ORDER BY id DESC LIMIT {newest}",
    "postgresql": 'SELECT source, who FROM event WHERE source COLLATE "C" = %s{buses} ORDER BY id DESC'
    " LIMIT {newest}",
}
_KEY = "key:"


class Poster(NamedTuple):
    """Who put events: a key by its id, with its name if it is still there; or what else was recorded."""

    who: str
    key_id: str
    name: str


def posters_of(sources: Collection[str], bus_ids: Collection[int] | None) -> Mapping[str, Sequence[Poster]]:
    """Return who put the newest events of each of these sources on some buses (None: all)."""
    found: dict[str, dict[str, None]] = {}
    for source, who in _newest(sources, bus_ids):
        found.setdefault(source, {})[who] = None
    ids = {who.removeprefix(_KEY) for them in found.values() for who in them if who.startswith(_KEY)}
    names = dict(ApiKey.objects.filter(pk__in=ids).values_list("pk", "name"))
    return {source: [_poster(who, names) for who in them] for source, them in found.items()}


def _poster(who: str, names: Mapping[str, str]) -> Poster:
    key_id = who.removeprefix(_KEY) if who.startswith(_KEY) else ""
    return Poster(who, key_id if key_id in names else "", names.get(key_id, ""))


def _newest(sources: Collection[str], bus_ids: Collection[int] | None) -> Iterator[tuple[str, str]]:
    if bus_ids is not None and not bus_ids:
        return
    among = "" if bus_ids is None else f" AND bus_id IN ({', '.join(['%s'] * len(bus_ids))})"
    database, left = connections["journal"], iter(sources)
    seek = _SEEK[database.vendor].format(buses=among, newest=NEWEST)
    while several := list(islice(left, _AT_ONCE)):
        parts = [f"SELECT * FROM ({seek}) AS s{number}" for number in range(len(several))]  # noqa: S608 - our own texts
        values: list[str | int] = []
        for source in several:
            values += [source, *sorted(bus_ids or ())]
        with database.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            yield from cursor.fetchall()
