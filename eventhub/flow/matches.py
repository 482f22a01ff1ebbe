"""What the rules in force make of one event: decides only, writes nothing."""

import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

from eventhub.domain import jsontext
from eventhub.domain.pattern import Verdict, match
from eventhub.domain.redaction import REASON, is_redacted
from eventhub.flow.fifo import fifo_key
from eventhub.flow.indexes import Indexes
from eventhub.flow.payload import envelope_of
from eventhub.flow.replayed import links_of, replay_of, rules_of
from eventhub.flow.rulebook import ArchiveInForce, Rulebook, RuleOnBus
from eventhub.journal.port import NewDelivery, NewEvent, OutcomeState, Routing, RoutingState, StoredEvent
from eventhub.targets import bus

log = logging.getLogger("eventhub.route")

TRIES = 3


def routing_of(stored: StoredEvent, rulebook: Rulebook, indexes: Indexes) -> Routing:
    """Return what becomes of an event; one whose routing raises three times is unroutable, with the error.

    It is routed once it is matched, so that it shows if that took long.
    """
    event = stored.event
    if event.bus_id not in rulebook.bus_names:
        return Routing(stored, RoutingState.UNKNOWN_BUS, _now())
    if is_redacted(event.attributes):  # what is left of it is no fact that a rule could mean
        return Routing(stored, RoutingState.UNMATCHED, _now(), error=REASON)
    for tried in range(1, TRIES + 1):
        try:
            return _matched(stored, rulebook, indexes)
        except Exception as error:
            if tried == TRIES:
                log.exception("event.unroutable", extra={"fields": {"event": event.id, "bus": event.bus}})
                text = f"{type(error).__name__}: {error}"[:1000]
                return Routing(stored, RoutingState.UNROUTABLE, _now(), error=text)
    raise AssertionError("the last try returned")


def _now() -> int:
    return time.time_ns() // 1000


def _matched(stored: StoredEvent, rulebook: Rulebook, indexes: Indexes) -> Routing:
    event = stored.event
    on_bus = rulebook.rules[event.bus_id]
    archives = rulebook.archives.get(event.bus_id, ())
    if not on_bus.rules and not archives:
        return Routing(stored, RoutingState.UNMATCHED, _now())
    decoded = envelope_of(event).decoded()
    matches = indexes.of(event.bus_id, on_bus).match(decoded)
    rule_ids, too_complex = matches.rule_ids, matches.too_complex
    if (chosen := rules_of(event)) is not None:
        rule_ids = [rule_id for rule_id in rule_ids if rule_id in chosen]
        too_complex = [rule_id for rule_id in too_complex if rule_id in chosen]
    deliveries = [
        new for rule_id in rule_ids for new in _deliveries(event, decoded, on_bus.rules[rule_id], rulebook)
    ]
    if (links := links_of(event)) is not None:
        # A rule whose target is gone since shows, without it, that it has none.
        deliveries = [
            new for new in deliveries if new.target_id is None or (new.rule_id, new.target_id) in links
        ]
    for rule_id in too_complex:
        rule = on_bus.rules[rule_id]
        reason = "matching took too many steps: the rule asks too much of arrays in this event"
        deliveries.append(
            NewDelivery(rule.id, rule.name, rule.version, None, "", OutcomeState.TOO_COMPLEX, reason)
        )
    archive_ids = [archive.id for archive in archives if _keeps(archive, event, decoded)]
    return Routing(
        stored,
        RoutingState.MATCHED if rule_ids else RoutingState.UNMATCHED,
        _now(),
        matched=len(rule_ids),
        deliveries=deliveries,
        archive_ids=archive_ids,
    )


def _keeps(archive: ArchiveInForce, event: NewEvent, decoded: dict[str, Any]) -> bool:
    """Tell whether an archive keeps the event: none that was replayed; rather one too complex than not."""
    if replay_of(event):
        return False
    return archive.pattern is None or match(archive.pattern, decoded) is not Verdict.NO_MATCH


def _deliveries(
    event: NewEvent, decoded: Mapping[str, Any], rule: RuleOnBus, rulebook: Rulebook
) -> Iterator[NewDelivery]:
    """Give one delivery for each target of a matched rule, made or not made."""
    not_made = _not_made(rule)
    if not rule.target_ids:
        state, reason = not_made or (OutcomeState.NO_TARGET, "the rule has no target")
        yield NewDelivery(rule.id, rule.name, rule.version, None, "", state, reason)
    for target_id in rule.target_ids:
        target = rulebook.targets.get(target_id)
        # A target can be linked to the rule while the rulebook is read; delivering looks again.
        name = target.name if target else f"target {target_id}"
        state, reason = not_made or (OutcomeState.PENDING, "")
        if not_made is None and target and target.bus_id is not None and event.hops:
            attributes = jsontext.decode(event.attributes)
            found = bus.loop(event.hops, [*bus.passed(attributes), event.bus])
            if found is not None:
                state, reason = OutcomeState.LOOP, found
        key = fifo_key(target.fifo_path, decoded) if target and target.fifo_path else None
        yield NewDelivery(rule.id, rule.name, rule.version, target_id, name, state, reason, key)


def _not_made(rule: RuleOnBus) -> tuple[OutcomeState, str] | None:
    """Return why a rule makes no deliveries at all, or None if it makes them."""
    if not rule.enabled:
        return OutcomeState.RULE_DISABLED, "the rule is disabled"
    if rule.shadow:
        return OutcomeState.SHADOW, "the rule is in shadow mode"
    return None
