"""The rulebook: what is configured, as one immutable snapshot that routing, accepting and delivering read.

A keeper per process looks at the version of the configuration (one indexed row) a few times a second and
loads what changed, so a change takes effect within a second everywhere without a restart and without messages
that could be lost.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.db import close_old_connections

from eventhub.domain.pattern import Pattern, PatternError, RuleIndex, parse
from eventhub.journal.port import RuleInForce
from eventhub.models import Bus, Rule, RuleTarget, RuleVersion, Target, current_version

log = logging.getLogger("eventhub.rulebook")


@dataclass(frozen=True, slots=True)
class TargetInForce:
    """A target as delivering sees it."""

    id: int
    name: str
    kind: str
    url: str
    bus_id: int | None
    bus: str
    enabled: bool
    max_attempts: int
    max_age_seconds: int
    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class RuleOnBus:
    """A rule version as routing sees it."""

    id: int
    name: str
    bus_id: int
    version: int
    enabled: bool
    pattern: Pattern
    target_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BusRules:
    """All rules of one bus, with the index that matches them at once."""

    rules: Mapping[int, RuleOnBus]
    index: RuleIndex

    def in_force(self) -> list[RuleInForce]:
        """Return what routing records as the ruleset."""
        return [RuleInForce(rule.id, rule.name, rule.version, rule.enabled) for rule in self.rules.values()]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything configured, at one version."""

    version: int
    buses: Mapping[str, int]  # name → id
    bus_names: Mapping[int, str]
    rules: Mapping[int, BusRules]  # by bus id
    targets: Mapping[int, TargetInForce]

    def rule(self, bus_id: int, rule_id: int) -> RuleOnBus | None:
        """Return a rule of a bus, or None if it is not (any more) there."""
        on_bus = self.rules.get(bus_id)
        return on_bus.rules.get(rule_id) if on_bus else None


EMPTY = Rulebook(version=-1, buses={}, bus_names={}, rules={}, targets={})


def load(previous: Rulebook = EMPTY) -> Rulebook:
    """Read the whole configuration; a bus whose rules did not change keeps its index."""
    version = current_version()
    buses = dict(Bus.objects.values_list("name", "id"))
    targets = {
        target.pk: TargetInForce(
            id=target.pk,
            name=target.name,
            kind=target.kind,
            url=target.url,
            bus_id=target.bus_id,
            bus=target.bus.name if target.bus else "",
            enabled=target.enabled,
            max_attempts=target.max_attempts,
            max_age_seconds=target.max_age_seconds,
            timeout_seconds=target.timeout_seconds,
        )
        for target in Target.objects.select_related("bus")
    }
    numbers: dict[int, int] = {}
    for rule_id, number in RuleVersion.objects.order_by("number").values_list("rule_id", "number"):
        numbers[rule_id] = number
    links: dict[int, list[int]] = {}
    for rule_id, target_id in RuleTarget.objects.order_by("pk").values_list("rule_id", "target_id"):
        links.setdefault(rule_id, []).append(target_id)

    found: dict[int, dict[int, RuleOnBus]] = {bus_id: {} for bus_id in buses.values()}
    for rule in Rule.objects.order_by("pk"):
        try:
            old = previous.rule(rule.bus_id, rule.pk)
            pattern = old.pattern if old and old.pattern.text == rule.pattern else parse(rule.pattern)
        except PatternError as error:  # only by a hand in the database: saving refuses it
            log.exception("rule.pattern_broken", extra={"fields": {"rule": rule.name, "error": str(error)}})
            continue
        found[rule.bus_id][rule.pk] = RuleOnBus(
            id=rule.pk,
            name=rule.name,
            bus_id=rule.bus_id,
            version=numbers.get(rule.pk, 0),
            enabled=rule.enabled,
            pattern=pattern,
            target_ids=tuple(links.get(rule.pk, ())),
        )
    return Rulebook(
        version=version,
        buses=buses,
        bus_names={bus_id: name for name, bus_id in buses.items()},
        rules={bus_id: _bus_rules(rules, previous.rules.get(bus_id)) for bus_id, rules in found.items()},
        targets=targets,
    )


def _bus_rules(rules: dict[int, RuleOnBus], previous: BusRules | None) -> BusRules:
    if previous is not None and previous.rules == rules:
        return previous
    index = RuleIndex()
    for rule in rules.values():
        index.add(rule.id, rule.pattern)
    return BusRules(rules, index)


@dataclass
class RulebookKeeper:
    """Holds the current rulebook and keeps it current. ``current`` is safe to read from any thread."""

    poll_seconds: float = 0.25
    current: Rulebook = EMPTY
    _changed: list[Callable[[Rulebook], None]] = field(default_factory=list)
    _told: int = EMPTY.version  # which version all of them have heard of
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def on_change(self, callback: Callable[[Rulebook], None]) -> None:
        """Call back with every new rulebook, from the keeper's thread; again, if any callback raises."""
        self._changed.append(callback)

    def refresh(self) -> Rulebook:
        """Load the configuration now if its version moved."""
        with self._lock:
            if current_version() != self.current.version:
                self.current = load(self.current)
            current = self.current
        if self._told != current.version:
            for callback in self._changed:
                callback(current)
            self._told = current.version
        return current

    def start(self) -> None:
        """Load the configuration and begin to watch it."""
        self.refresh()
        self._thread = threading.Thread(target=self._watch, name="rulebook", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._stop.wait(self.poll_seconds):
            try:
                self.refresh()
            except Exception:  # a database that is away comes back; the last rulebook stays in force
                log.exception("rulebook.refresh_failed")
            finally:
                close_old_connections()
