"""What was active a few minutes ago, from the rollups: so that a fresh page knows what is idle."""

from collections.abc import Collection

from django.db import connections

from eventhub.journal.rolling import Grain

LATELY_SECONDS = 300

# The rollups' kinds, and which node of the graph each one's columns name.
_NODES = {
    "source": ("source:{text}", "bus:{bus_id}"),
    "match": ("rule:{a}", "bus:{bus_id}"),
    "attempt": ("rule:{a}", "target:{b}"),
}


def read_lately(now: float, keys: Collection[str]) -> dict[str, int]:
    """Return for those nodes to which something came within five minutes how many seconds ago, to a minute.

    ``now`` in seconds; ``keys`` are the nodes in question.
    """
    since = int(now) - LATELY_SECONDS - int(now) % Grain.MINUTE
    marks = ", ".join(["%s"] * len(_NODES))
    statement = (
        "SELECT kind, bus_id, text, a, b, max(at) FROM rollup "  # noqa: S608 - marks only
        f"WHERE grain = %s AND kind IN ({marks}) AND at >= %s GROUP BY kind, bus_id, text, a, b"
    )
    with connections["journal"].cursor() as cursor:
        cursor.execute(statement, [int(Grain.MINUTE), *_NODES, since])
        rows = cursor.fetchall()
    found: dict[str, int] = {}
    for kind, bus_id, text, a, b, at in rows:
        ago = max(0, int(now) - at - Grain.MINUTE)
        for name in _NODES[kind]:
            key = name.format(bus_id=bus_id, text=text, a=a, b=b)
            if key in keys:
                found[key] = min(ago, found.get(key, ago))
    return found
