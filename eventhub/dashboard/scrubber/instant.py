"""The flow at an instant as the socket's snap would have it, kept for a moment for all who look at it."""

import threading
from collections import OrderedDict

import msgspec

from eventhub.flow.rulebook import Rulebook
from eventhub.journal.port import Journal
from eventhub.live.graph import Numbering
from eventhub.live.past import PastSnapshot, past_snapshot
from eventhub.live.view import View

KEPT = 64  # pictures; one of 500 rules takes 100 KiB
KEPT_SECONDS = 30  # what became of its events may have changed by then
COMPLETE_SECONDS = 10  # figures that are older do not change any more

_Key = tuple[str, int, View, int, int, int]
_kept: OrderedDict[_Key, bytes] = OrderedDict()
_lock = threading.Lock()


def picture(journal: Journal, rulebook: Rulebook, view: View, at: int, *, now: int, step: int) -> bytes:
    """Return the flow of a view at the second ``at``, as JSON; ``step`` as in ``past_snapshot``.

    ``{"at", "grain", "nodes", "edges", "ctr", "ns", "head", "e", "rows"}``: ``at`` is the instant it is of,
    rounded down to the grain; ``e`` are [edge, count, failed] of the step; ``rows`` the newest events, oldest
    first; the others are as in the socket's ``snap`` of the flow.
    """
    key = (journal.epoch(), rulebook.version, view, at, step, now // KEPT_SECONDS)
    with _lock:
        if (found := _kept.get(key)) is not None:
            _kept.move_to_end(key)
            return found
    made = as_json(past_snapshot(journal, rulebook, view, at, now=now, step=step))
    if at <= now - COMPLETE_SECONDS:
        with _lock:
            _kept[key] = made
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return made


def as_json(past: PastSnapshot) -> bytes:
    """Return a snapshot of the past as the page takes it."""
    flow, numbering = past.flow, Numbering()
    nodes = [node.as_json(numbering.node(key)) for key, node in flow.graph.nodes.items()]
    members = {
        "at": int(flow.at),
        "grain": int(past.grain),
        "nodes": nodes,
        "edges": [
            (numbering.edge(edge), numbering.node(edge[0]), numbering.node(edge[1]))
            for edge in flow.graph.edges
        ],
        "ctr": [(numbering.edge(edge), *counted) for edge, counted in flow.counts.items()],
        "ns": [(numbering.node(key), *gauge) for key, gauge in flow.gauges.items()],
        "head": flow.head,
        "e": [(numbering.edge(edge), *counted) for edge, counted in past.news.items()],
        "rows": [msgspec.Raw(row.text.encode()) for row in reversed(flow.rows)],
    }
    return msgspec.json.encode(members)
