"""Which rules share a node while there are too many to draw: above 2,000 the socket carries groups.

A group is of one bus and of a prefix of the rules' names (``billing/*``), or of the bus alone. A rule whose
attempts failed in the window is never in a group, nor is one of the busiest; nor one of the group that the
reader opened.
"""

import re
from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from eventhub.flow.rulebook import RuleOnBus
from eventhub.live.window import Counts

MOST_RULES = 2000  # drawn one by one
BUSIEST = 100  # that stay alone above that
MOST_PREFIXES = 100  # groups by prefix; the rest goes by bus
LEAST_MEMBERS = 3  # fewer are no group by prefix
_PREFIX = re.compile(r"^[^/:._-]+[/:._-]")


class Crowd(NamedTuple):
    """Rules that share a node; ``pattern`` is ``billing/*``, or ``*`` for what is left of a bus."""

    bus_id: int
    pattern: str

    @property
    def key(self) -> str:
        """Return the key of its node."""
        return f"rules:{self.bus_id}:{self.pattern}"


def crowds(rules: Collection[RuleOnBus], counts: Counts, opened: str = "") -> dict[int, Crowd]:
    """Return the group of each rule that has no node of its own, by rule id; ``opened`` is a group's key."""
    if len(rules) <= MOST_RULES:
        return {}
    alone = _alone(counts)
    quiet = [rule for rule in rules if rule.id not in alone]
    sizes = Counter(crowd for rule in quiet if (crowd := _by_prefix(rule)) is not None)
    kept = {crowd for crowd, size in sizes.most_common(MOST_PREFIXES) if size >= LEAST_MEMBERS}
    found = {}
    for rule in quiet:
        crowd = _by_prefix(rule)
        if crowd is None or crowd not in kept:
            crowd = Crowd(rule.bus_id, "*")
        if crowd.key != opened:
            found[rule.id] = crowd
    return found


def _alone(counts: Counts) -> set[int]:
    matches: Counter[int] = Counter()
    troubled = set()
    for counted, (count, failed) in counts.items():
        if counted.kind == "match":
            matches[int(counted.a)] += count
        elif counted.kind in ("attempt", "dead") and failed:
            troubled.add(int(counted.a))
    return troubled | {rule_id for rule_id, _ in matches.most_common(BUSIEST)}


def _by_prefix(rule: RuleOnBus) -> Crowd | None:
    found = _PREFIX.match(rule.name)
    return Crowd(rule.bus_id, f"{found[0]}*") if found else None
