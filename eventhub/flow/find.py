"""Finding events: texts from an address, as REST and pages have them, become one search of the journal."""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace

from django.conf import settings

from eventhub.domain.filter import Filter, FilterError, parse, units
from eventhub.domain.filter.terms import And, AnyOf, Node, Not, Term, Value, conjuncts
from eventhub.domain.mask import is_masked
from eventhub.flow.process import parts
from eventhub.journal.port import Found, Position, Search
from eventhub.secret import BrokenSealError, Purpose, seal, unseal

# Parameters that ask for one value, and the word that asks the same.
SIMPLE: Mapping[str, str] = {
    "bus": "bus",
    "source": "source",
    "detail-type": "type",
    "key": "key",
    "rule": "rule",
    "target": "target",
}
OWN = frozenset({"q", "from", "to", "cursor"})
BOUNDS = frozenset({"after", "before"})
_MOMENT = "a moment such as 2026-11-28T10:00:00Z, or how long ago, such as 15m"


class WrongSearchError(ValueError):
    """A search asks for what cannot be; ``wrong`` says it by parameter, ``at`` where in ``q`` (from 0)."""

    def __init__(self, wrong: Mapping[str, str], at: int | None = None) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in wrong.items()))
        self.wrong = wrong
        self.at = at


def read_search(
    given: Mapping[str, str],
    *,
    limit: int,
    bus_ids: Collection[int] | None = None,
    masked: Collection[str] = (),
    now: int | None = None,
) -> Search:
    """Return the search that texts ask for, empty ones for nothing; raises WrongSearchError.

    ``bus_ids`` are the buses that the caller may see, None for all; ``masked`` are the paths that are masked
    for them there, of which a search must not tell; ``now`` is in microseconds since 1970.

    >>> str(read_search({"q": "status:dead", "source": "shop"}, limit=10).filter)
    'source:shop status:dead'
    """
    now = time.time_ns() // 1000 if now is None else now
    wrong: dict[str, str] = {}
    at = None
    asked = Filter()
    try:
        asked = parse(given.get("q", ""))
    except FilterError as error:
        wrong["q"], at = str(error), error.at
    if why := asks_for_masked(asked.node, masked):
        wrong["q"] = why
    moments = {name: _moment(name, given.get(name, ""), now, wrong) for name in ("from", "to")}
    places = {name: _position(name, given.get(name, ""), wrong) for name in BOUNDS}
    if wrong:
        raise WrongSearchError(wrong, at)
    simple = [Term(word, AnyOf((Value((given[name],)),))) for name, word in SIMPLE.items() if given.get(name)]
    return Search(
        _joined([*simple, *conjuncts(asked.node)]),
        now=now,
        limit=limit,
        since=moments["from"],
        until=moments["to"],
        bus_ids=None if bus_ids is None else frozenset(bus_ids),
        after=places["after"],
        before=places["before"],
        cursor=given.get("cursor", ""),
    )


def find(asked: Search) -> Found:
    """Return one page of the journal's answer; raises WrongSearchError for a cursor that is none.

    Its ``next`` is sealed: a search that looked at events by their ids and ran out of time stopped at one
    that may lie on a bus which the caller does not see.
    """
    try:
        cursor = _opened(asked.cursor) if asked.cursor else ""
        found = parts().journal.search(replace(asked, cursor=cursor))
    except (ValueError, BrokenSealError) as error:
        raise WrongSearchError(
            {"cursor": f"wanted the cursor of a `next`, found {asked.cursor!r:.80}"}
        ) from error
    if found.next is None:
        return found
    return replace(found, next=seal(found.next, Purpose.CURSOR, settings.SECRET_KEY).decode())


def _opened(cursor: str) -> str:
    return unseal(cursor.encode(), Purpose.CURSOR, settings.SECRET_KEY)


def asks_for_masked(node: Node | None, masked: Collection[str]) -> str:
    """Say which term asks for what is masked; whether it holds would tell what is there."""
    if node is None or not masked:
        return ""
    if isinstance(node, Term):
        path = ".".join(("detail", *(step for step in node.path if isinstance(step, str))))
        if node.word == "detail" and is_masked(path, masked):
            return f"{path} is masked for you"
        if node.word == "text":
            return "text looks into fields that are masked for you: ask for a field, or a bus without any"
        return ""
    inner = (node.inner,) if isinstance(node, Not) else node.parts
    return next((why for one in inner if (why := asks_for_masked(one, masked))), "")


def _joined(nodes: list[Node]) -> Filter:
    return Filter(None if not nodes else nodes[0] if len(nodes) == 1 else And(tuple(nodes)))


def _moment(name: str, text: str, now: int, wrong: dict[str, str]) -> int | None:
    if not text:
        return None
    at, ago = units.moment(text), units.ago(text)
    if at is None and ago is None:
        wrong[name] = f"wanted {_MOMENT}, found {text!r:.80}"
        return None
    return at if at is not None else now - (ago or 0)


def _position(name: str, text: str, wrong: dict[str, str]) -> Position | None:
    if not text:
        return None
    try:
        position = Position.parse(text)
    except ValueError:
        position = Position(-1, -1)
    if not (0 <= position.xid < 2**63 and 0 <= position.seq < 2**63):
        wrong[name] = f"wanted the `position` of an item, found {text!r:.80}"
        return None
    return position
