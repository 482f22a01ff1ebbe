"""The router's pattern indexes: one for each bus, brought up to the rules that an event is routed under.

An index serves one thread. So the router alone has them, and changes them between events by what changed in
the rulebook since it last looked: no lock, and never a rule version matched that is not the one recorded.
"""

from collections.abc import Mapping

from eventhub.domain.pattern import RuleIndex
from eventhub.flow.rulebook import NO_RULES, BusRules


class Indexes:
    """The indexes of one router."""

    def __init__(self) -> None:
        self._followed: dict[int, tuple[BusRules, RuleIndex]] = {}

    def of(self, bus_id: int, on_bus: BusRules) -> RuleIndex:
        """Return the bus's index, with these rules and no others in it."""
        state, index = self._followed.get(bus_id) or (NO_RULES, RuleIndex())
        if state is not on_bus:
            for rule_id in on_bus.changed_since(state):
                was, now = state.rules.get(rule_id), on_bus.rules.get(rule_id)
                if now is None:
                    if rule_id in index:
                        index.remove(rule_id)
                elif was is None or was.pattern is not now.pattern:
                    index.add(rule_id, now.pattern)
            self._followed[bus_id] = (on_bus, index)
        return index

    def follow(self, rules: Mapping[int, BusRules]) -> None:
        """Bring all indexes up to these rules by bus, before an event has to wait for it."""
        for bus_id in self._followed.keys() - rules.keys():
            del self._followed[bus_id]
        for bus_id, on_bus in rules.items():
            self.of(bus_id, on_bus)
