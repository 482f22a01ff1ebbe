"""How an event stands, in one sentence, and what one can do about it. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventhub.journal.port import OutcomeState, RoutingState

_NOT_MADE = (
    OutcomeState.RULE_DISABLED,
    OutcomeState.TOO_COMPLEX,
    OutcomeState.NO_TARGET,
    OutcomeState.LOOP,
    OutcomeState.SHADOW,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sentence is made of: the routing, and each delivery as (state, attempts, rule)."""

    bus: str
    routing: str | None = None  # a RoutingState; None while it waits for it
    error: str = ""  # of routing
    deliveries: Sequence[tuple[str, int, str]] = ()
    rules: int = 0  # the event was held against
    too_complex: int = 0
    is_redacted: bool = False
    is_bus_paused: bool = False
    held: str = ""  # why the first pending delivery waits, if not only for its turn


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence, its tone (ok, warn, bad, muted), and advice for what is not well."""

    text: str
    tone: str
    advice: str = ""


def verdict(facts: Facts) -> Verdict:
    """Return how an event stands.

    >>> verdict(Facts("orders", "matched", deliveries=[("delivered", 1, "a"), ("delivered", 3, "b")])).text
    'Delivered to both targets, one of them after failures.'
    """
    if facts.routing is None:
        return _unrouted(facts)
    if facts.routing == RoutingState.MATCHED:
        return _matched(facts)
    return _lost(facts)


def _unrouted(facts: Facts) -> Verdict:
    if facts.is_bus_paused:
        return Verdict(
            f"Accepted and stored. The bus {facts.bus} is paused, so nothing is matched.",
            "warn",
            "It is matched, in its order, once the bus is resumed.",
        )
    return Verdict("Accepted and stored. Matching it against the rules is next.", "muted")


def _lost(facts: Facts) -> Verdict:
    match facts.routing:
        case RoutingState.UNKNOWN_BUS:
            return Verdict(
                f"There is no bus {facts.bus}: it was kept, and routed nowhere.",
                "bad",
                "Make the bus and let the producer send it again, or correct the name that it gives.",
            )
        case RoutingState.UNROUTABLE:
            return Verdict(
                f"Routing failed three times: {facts.error}",
                "bad",
                "The fault is ours, or a rule's that cannot be read: mend that, then replay the event.",
            )
    if facts.is_redacted and facts.error:
        return Verdict("It was redacted before it was routed: no rule was asked.", "muted")
    if facts.too_complex:
        return Verdict(
            f"No rule matched, but {_were(facts.too_complex)} too complex to match: it was kept, "
            "and delivered to nobody.",
            "warn",
            "Such a rule asks too much of long arrays: ask for fewer fields inside arrays.",
        )
    if not facts.rules:
        return Verdict(
            f"There was no rule on the bus {facts.bus}: it was kept, and delivered to nobody.", "warn"
        )
    return Verdict(
        "No rule matched: it was kept, and delivered to nobody.",
        "warn",
        "The nearest misses below say what each rule wanted.",
    )


def _matched(facts: Facts) -> Verdict:
    states = Counter(state for state, _attempts, _rule in facts.deliveries)
    made = [one for one in facts.deliveries if one[0] not in _NOT_MADE]
    if not made:
        return _not_made(states)
    dead, pending = states[OutcomeState.DEAD], states[OutcomeState.PENDING]
    retrying = sum(state == OutcomeState.PENDING and attempts > 0 for state, attempts, _ in made)
    delivered = [attempts for state, attempts, _ in made if state == OutcomeState.DELIVERED]
    if not (dead or pending):
        return Verdict(f"Delivered to {_all(delivered)}.", "ok")
    parts = []
    if dead:
        letters = "is a dead letter" if dead == 1 else "are dead letters"
        parts.append(f"{_of(dead, len(made))} given up and {letters}")
    if pending and facts.held and len(made) == 1:
        parts.append(f"its delivery {facts.held}")
    elif pending:
        doing = "being tried again" if retrying else "still to be made"
        held = f"; the first of them {facts.held}" if facts.held else ""
        parts.append(f"{_of(pending, len(made), is_now=True)} {doing}{held}")
    if delivered:
        parts.append(f"{len(delivered)} delivered")
    text = "; ".join(parts)
    advice = "Correct the target, then redrive what is dead, or replay the event." if dead else ""
    tone = "bad" if dead else "warn" if retrying or facts.held else "muted"
    return Verdict(f"{text[0].upper()}{text[1:]}.", tone, advice)


def _not_made(states: Mapping[str, int]) -> Verdict:
    if states.get(OutcomeState.TOO_COMPLEX):
        return Verdict("A rule was too complex to match, and no other made a delivery.", "warn")
    if states.get(OutcomeState.SHADOW):
        return Verdict("Matched by rules in shadow mode alone: counted, and delivered to nobody.", "muted")
    if states.get(OutcomeState.RULE_DISABLED):
        return Verdict(
            "Matched, but every rule that did was disabled: delivered to nobody.",
            "warn",
            "Enable the rule, then replay the event.",
        )
    if states.get(OutcomeState.LOOP):
        return Verdict(
            "Matched, but it passed too many buses already: not put on another one.",
            "warn",
            "The way that it went is told below: rules send it in a circle.",
        )
    return Verdict(
        "Matched, but the rule has no target: delivered to nobody.",
        "warn",
        "Give the rule a target, then replay the event.",
    )


def _all(delivered: Sequence[int]) -> str:
    count = len(delivered)
    failed = sum(attempts > 1 for attempts in delivered)
    targets = {1: "its one target", 2: "both targets"}.get(count, f"all {count} targets")
    if not failed:
        return targets
    if count == 1:
        return f"{targets}, after {delivered[0] - 1} failure{'s' * (delivered[0] > 2)}"
    which = {1: "one of them"}.get(failed, f"{failed} of them")
    return f"{targets}, {which} after failures"


def _of(count: int, whole: int, *, is_now: bool = False) -> str:
    """Say which of the deliveries, with their verb."""
    verb = ("is" if is_now else "was") if count == 1 else ("are" if is_now else "were")
    return f"its delivery {verb}" if whole == 1 else f"{count} of {whole} deliveries {verb}"


def _were(count: int) -> str:
    return "1 was" if count == 1 else f"{count} were"
