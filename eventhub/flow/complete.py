"""What could stand at the cursor of a filter's box, of what its writer may see.

Buses, rules and targets come from the rulebook, sources, types and details from what the journal saw lately.
Whatever takes longer than ``BOX_SECONDS`` is left out: who types does not wait.
"""

import time
from collections.abc import Collection, Iterator, Mapping
from itertools import chain
from typing import Any

from eventhub.domain import jsontext
from eventhub.domain.filter import Completion, Known, complete, limits, path_text, place_of
from eventhub.domain.mask import ROOT, is_masked
from eventhub.domain.pattern.numbers import text_of
from eventhub.flow.process import parts
from eventhub.flow.rulebook import Rulebook
from eventhub.journal.port import Lately

BOX_SECONDS = 0.02  # of which the journal has half
NAMES_LOOKED_AT = 20_000  # of rules, at most
DETAILS_READ = 60
MOST_PATHS = 200
MOST_VALUES = 50  # of one path
LONGEST_VALUE = 100  # characters: longer ones are not typed
_COLUMNS = {"source": "source", "type": "detail_type"}


def complete_filter(
    text: str, at: int, *, bus_ids: Collection[int] | None, masked: Mapping[int, Collection[str]]
) -> Completion:
    """Return what could be written at a column (characters from 0) of a filter.

    ``bus_ids`` are the buses whose events the caller may see, None for all; ``masked`` are the paths that are
    masked for them on each: neither these nor what they hold is offered.
    """
    deadline = time.monotonic() + BOX_SECONDS
    place = place_of(text, at)
    seen = None if bus_ids is None else frozenset(bus_ids)
    hidden = frozenset(path for bus_id, paths in masked.items() if _sees(seen, bus_id) for path in paths)
    if place.name is None:
        wants_paths = f"{ROOT}.".startswith(place.prefix[: len(ROOT) + 1].lower())
        known = _of_details(seen, hidden, deadline) if wants_paths else Known()
    elif place.name.startswith(ROOT):
        known = _of_details(seen, hidden, deadline)
    else:
        known = Known({place.name: _names(place.name, seen)})
    return complete(text, at, known)


def _sees(bus_ids: frozenset[int] | None, bus_id: int) -> bool:
    return bus_ids is None or bus_id in bus_ids


def _names(word: str, bus_ids: frozenset[int] | None) -> Collection[str]:
    if word in _COLUMNS:
        asked = Lately(bus_ids, _COLUMNS[word], box_seconds=BOX_SECONDS / 2)
        return parts().journal.names_lately(asked)
    rulebook = parts().keeper.current
    match word:
        case "bus":
            return sorted(name for name, bus_id in rulebook.buses.items() if _sees(bus_ids, bus_id))
        case "rule":
            return sorted({name for name, _target_ids in _rules(rulebook, bus_ids)})
        case "target":
            return sorted(_target_names(rulebook, bus_ids))
    return ()


def _rules(rulebook: Rulebook, bus_ids: frozenset[int] | None) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the rules' names and targets, a bounded number of them."""
    looked_at = 0
    for bus_id, on_bus in rulebook.rules.items():
        for rule in on_bus.rules.values() if _sees(bus_ids, bus_id) else ():
            if looked_at == NAMES_LOOKED_AT:
                return
            looked_at += 1
            yield rule.name, rule.target_ids


def _target_names(rulebook: Rulebook, bus_ids: frozenset[int] | None) -> set[str]:
    """Return all targets, or of some buses those of their rules."""
    if bus_ids is None:
        return {target.name for target in rulebook.targets.values()}
    used = set(chain.from_iterable(target_ids for _name, target_ids in _rules(rulebook, bus_ids)))
    return {rulebook.targets[target_id].name for target_id in used if target_id in rulebook.targets}


def _of_details(bus_ids: frozenset[int] | None, hidden: Collection[str], deadline: float) -> Known:
    """Return the paths of what was seen lately, and what was there."""
    asked = Lately(bus_ids, most=DETAILS_READ, box_seconds=BOX_SECONDS / 4)
    found: dict[str, dict[str, None]] = {}
    for _bus_id, detail in parts().journal.details_lately(asked):
        if time.monotonic() > deadline:
            break
        for path, value in _leaves(jsontext.decode(detail), (), hidden):
            values = found.setdefault(f"{ROOT}{path_text(path)}", {}) if len(found) < MOST_PATHS else {}
            if len(values) < MOST_VALUES and len(value) <= LONGEST_VALUE:
                values[value] = None
    return Known(found, list(found))


def _leaves(
    value: Any, path: tuple[str, ...], hidden: Collection[str], depth: int = 0
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path and the text of each scalar; as in filters, arrays are looked through."""
    if isinstance(value, dict | list) and depth == limits.MAX_STEPS:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            within = (*path, name)
            if not is_masked(".".join((ROOT, *within)), hidden):
                yield from _leaves(inner, within, hidden, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path, hidden, depth + 1)
    else:
        yield path, _written(value)


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return text_of(value)
