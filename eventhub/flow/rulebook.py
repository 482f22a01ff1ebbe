"""The rulebook: what is configured, as one immutable snapshot that routing, accepting and delivering read.

A keeper per process looks at the version of the configuration (one indexed row) a few times a second and
loads what changed, so a change takes effect within a second everywhere without a restart and without messages
that could be lost. Beside each version stands which rules changed with it, so one change among 100,000 rules
reads one rule. A rulebook is what was configured at one version exactly: if a change commits while it is
read, it is read on.

The snapshots of a bus share a log of the rules that changed. By it whoever follows the bus (``indexes``)
finds what is different without comparing all of it.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import close_old_connections
from django.db.models import Max

from eventhub.domain.pattern import Pattern, PatternError, parse
from eventhub.domain.transform import Transform, TransformError
from eventhub.flow.target import TargetInForce, targets_in_force
from eventhub.flow.transforms import Transforms, read_transform
from eventhub.journal.port import RuleInForce
from eventhub.models import (
    Archive,
    Bus,
    Changes,
    Rule,
    RuleTarget,
    RuleVersion,
    changes_between,
    current_version,
    routed_pattern,
)

log = logging.getLogger("eventhub.rulebook")

# Only a change that commits while the last one is read makes another reading needed.
MOST_READINGS = 20
# Of ids, at 8 bytes: then the log begins anew, and who follows it compares once.
MOST_LOGGED = 100_000


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
    transforms: Transforms = field(default_factory=dict)
    shadow: bool = False  # enabled, but only tried: matches are recorded, nothing is delivered


@dataclass(frozen=True, slots=True)
class ArchiveInForce:
    """An archive as routing sees it."""

    id: int
    pattern: Pattern | None  # None keeps every event


@dataclass(frozen=True, slots=True, eq=False)
class BusRules:
    """All rules of one bus, at one version."""

    rules: Mapping[int, RuleOnBus]
    # The ids of rules in the order in which they changed, shared with the bus's earlier and later states,
    # and how many of them this state has seen.
    _log: list[int] = field(default_factory=list)
    _seen: int = 0

    def in_force(self) -> list[RuleInForce]:
        """Return what routing records as the ruleset."""
        return [RuleInForce(rule.id, rule.name, rule.version, rule.enabled) for rule in self.rules.values()]

    def changed(self, changes: Mapping[int, RuleOnBus | None]) -> "BusRules":
        """Return the state after these changes; None for a rule that is gone. Not for two threads at once."""
        rules = dict(self.rules)
        for rule_id, rule in changes.items():
            if rule is None:
                rules.pop(rule_id, None)
            else:
                rules[rule_id] = rule
        log = self._log if self._seen < MOST_LOGGED else []
        log.extend(changes)
        return BusRules(rules, log, len(log))

    def changed_since(self, earlier: "BusRules") -> Iterable[int]:
        """Return the ids of the rules that may differ from what they were in another state of the bus."""
        if earlier._log is self._log and earlier._seen <= self._seen:
            return dict.fromkeys(self._log[earlier._seen : self._seen])
        # Identity is enough: a rule that is read again without a change stays the same object.
        different = [
            rule_id for rule_id, rule in self.rules.items() if earlier.rules.get(rule_id) is not rule
        ]
        return [*different, *(earlier.rules.keys() - self.rules.keys())]


NO_RULES = BusRules({})


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything configured, at one version."""

    version: int
    buses: Mapping[str, int]  # name → id
    bus_names: Mapping[int, str]
    rules: Mapping[int, BusRules]  # by bus id
    targets: Mapping[int, TargetInForce]
    archives: Mapping[int, Sequence[ArchiveInForce]] = field(default_factory=dict)  # by bus id
    others_version: int = -1  # the one with which something other than a rule changed last
    paused: frozenset[int] = frozenset()  # ids of the buses whose events wait

    def rule(self, bus_id: int, rule_id: int) -> RuleOnBus | None:
        """Return a rule of a bus, or None if it is not (any more) there."""
        on_bus = self.rules.get(bus_id)
        return on_bus.rules.get(rule_id) if on_bus else None


EMPTY = Rulebook(version=-1, buses={}, bus_names={}, rules={}, targets={})


def load(previous: Rulebook = EMPTY) -> Rulebook:
    """Read what changed since ``previous``, or everything; RuntimeError if changes come faster than that."""
    for _ in range(MOST_READINGS):
        version = current_version()
        if version == previous.version:
            return previous
        changes = changes_between(previous.version, version) if previous.version >= 0 else None
        if changes is None:
            previous = _read_all(previous, version)
        else:
            previous = _read_changes(previous, version, changes)
    raise RuntimeError("the configuration changed all the while that it was read")


def _read_all(previous: Rulebook, version: int) -> Rulebook:
    """Read everything; what did not change stays the same object."""
    buses = _read_buses()
    found: dict[int, dict[int, RuleOnBus]] = {bus_id: {} for bus_id in buses.values()}
    for rule in _read_rules(previous, None):
        if rule.bus_id in found:
            found[rule.bus_id][rule.id] = rule
    states = {
        bus_id: state if (state := previous.rules.get(bus_id)) and state.rules == rules else BusRules(rules)
        for bus_id, rules in found.items()
    }
    return _rulebook(
        version,
        buses,
        states,
        targets_in_force(),
        _read_archives(),
        others_version=version,
        paused=_read_paused(),
    )


def _read_changes(previous: Rulebook, version: int, changes: Changes) -> Rulebook:
    """Read the rules that changed, and the rest if anything of it did."""
    buses = _read_buses() if changes.others else previous.buses
    targets = targets_in_force() if changes.others else previous.targets
    archives = _read_archives() if changes.others else previous.archives
    paused = _read_paused() if changes.others else previous.paused
    states = {bus_id: previous.rules.get(bus_id) or BusRules({}) for bus_id in buses.values()}
    found = {rule.id: rule for rule in _read_rules(previous, changes.rule_ids)}
    for bus_id, state in states.items():
        changed: dict[int, RuleOnBus | None] = {}
        for rule_id in changes.rule_ids:
            rule = found.get(rule_id)
            now = rule if rule and rule.bus_id == bus_id else None
            if state.rules.get(rule_id) is not now:
                changed[rule_id] = now
        if changed:
            states[bus_id] = state.changed(changed)
    others_version = version if changes.others else previous.others_version
    return _rulebook(version, buses, states, targets, archives, others_version=others_version, paused=paused)


def _rulebook(
    version: int,
    buses: Mapping[str, int],
    rules: Mapping[int, BusRules],
    targets: Mapping[int, TargetInForce],
    archives: Mapping[int, Sequence[ArchiveInForce]],
    *,
    others_version: int,
    paused: frozenset[int],
) -> Rulebook:
    names = {bus_id: name for name, bus_id in buses.items()}
    return Rulebook(version, buses, names, rules, targets, archives, others_version, paused)


def _read_archives() -> Mapping[int, Sequence[ArchiveInForce]]:
    found: dict[int, list[ArchiveInForce]] = {}
    for archive_id, bus_id, text in Archive.objects.order_by("pk").values_list("pk", "bus_id", "pattern"):
        try:
            pattern = parse(text) if text else None
        except PatternError as error:  # only by a hand in the database: saving refuses it
            log.exception(
                "archive.pattern_broken", extra={"fields": {"archive": archive_id, "error": str(error)}}
            )
            continue
        found.setdefault(bus_id, []).append(ArchiveInForce(archive_id, pattern))
    return found


def _read_buses() -> dict[str, int]:
    return dict(Bus.objects.values_list("name", "id"))


def _read_paused() -> frozenset[int]:
    return frozenset(Bus.objects.filter(paused=True).values_list("pk", flat=True))


def _read_rules(previous: Rulebook, rule_ids: Collection[int] | None) -> Iterator[RuleOnBus]:
    """Read these rules, or all; one that is as it was is the same object again."""
    if rule_ids is not None and not rule_ids:
        return
    rules = Rule.objects.order_by("pk")
    links = RuleTarget.objects.order_by("pk")
    versions = RuleVersion.objects.order_by()
    if rule_ids is not None:
        rules = rules.filter(pk__in=rule_ids)
        links = links.filter(rule_id__in=rule_ids)
        versions = versions.filter(rule_id__in=rule_ids)
    numbers = dict(versions.values_list("rule_id").annotate(Max("number")))
    target_ids: dict[int, list[int]] = {}
    transforms: dict[int, dict[int, Transform | TransformError]] = {}
    for rule_id, target_id, stored in links.values_list("rule_id", "target_id", "transform"):
        target_ids.setdefault(rule_id, []).append(target_id)
        if (transform := read_transform(rule_id, target_id, stored)) is not None:
            transforms.setdefault(rule_id, {})[target_id] = transform
    for rule_id, name, bus_id, enabled, shadow, own, schedule in rules.values_list(
        "pk", "name", "bus_id", "enabled", "shadow", "pattern", "schedule_expression"
    ):
        text = routed_pattern(name, own, schedule)
        old = previous.rule(bus_id, rule_id)
        try:
            pattern = old.pattern if old and old.pattern.text == text else parse(text)
        except PatternError as error:  # only by a hand in the database: saving refuses it
            log.exception("rule.pattern_broken", extra={"fields": {"rule": name, "error": str(error)}})
            continue
        rule = RuleOnBus(
            id=rule_id,
            name=name,
            bus_id=bus_id,
            version=numbers.get(rule_id, 0),
            enabled=enabled,
            pattern=pattern,
            target_ids=tuple(target_ids.get(rule_id, ())),
            transforms=transforms.get(rule_id, {}),
            shadow=shadow,
        )
        yield old if old == rule else rule


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

    def on_other_change(self, callback: Callable[[Rulebook], None]) -> None:
        """Do as ``on_change``, but only if something other than a rule changed."""
        told = self.current.others_version

        def tell(rulebook: Rulebook) -> None:
            nonlocal told
            if rulebook.others_version != told:
                callback(rulebook)
                told = rulebook.others_version

        self.on_change(tell)

    def refresh(self) -> Rulebook:
        """Load the configuration now if its version moved."""
        with self._lock:
            current = self.current = load(self.current)
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
