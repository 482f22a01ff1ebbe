"""States as people read them: glyph, word and tone, as in ``static/js/figures.js``. Never colour alone."""

from dataclasses import dataclass

from eventhub.journal.port import CircuitState, RedriveState, ReplayState
from eventhub.live.gauges import Gauge
from eventhub.live.rows import Row


@dataclass(frozen=True, slots=True)
class Said:
    """A state in glyph and word, and its tone: ok, warn, bad or muted."""

    glyph: str
    word: str
    tone: str


_RESULTS = {
    "retrying": Said("↻", "retrying", "warn"),
    "unroutable": Said("✕", "unroutable", "bad"),
    "unmatched": Said("⌀", "no rule", "muted"),
    "unknown-bus": Said("⌀", "no bus", "warn"),
    "not-made": Said("⊘", "not made", "muted"),
    "pending": Said("◌", "pending", "muted"),
}
CONDITIONS = {
    "failing": Said("▲", "failing", "bad"),
    "open": Said("▲", "open", "bad"),
    "half-open": Said("◐", "half-open", "warn"),
    "retrying": Said("↻", "retrying", "warn"),
    "slow": Said("◆", "slow", "warn"),
    "disabled": Said("❚❚", "disabled", "muted"),
    "shadow": Said("◇", "shadow", "muted"),
    "paused": Said("❚❚", "paused", "warn"),
    "deleted": Said("⌫", "deleted", "muted"),
    "idle": Said("", "idle", "muted"),
}
_OUTCOMES = {
    "pending": Said("◌", "pending", "muted"),
    "delivered": Said("✓", "delivered", "ok"),
    "dead": Said("✕", "dead letter", "bad"),
    "rule-disabled": Said("⊘", "not made: the rule was disabled", "muted"),
    "shadow": Said("◇", "not made: the rule was in shadow mode", "muted"),
    "too-complex": Said("⊘", "too complex: matching was given up", "warn"),
    "no-target": Said("⊘", "not made: the rule has no target", "muted"),
    "loop": Said("⊘", "not made: the event passed too many buses", "warn"),
}
_CIRCUITS = {
    CircuitState.CLOSED: Said("✓", "delivering", "ok"),
    CircuitState.OPEN: Said("▲", "circuit open", "bad"),
    CircuitState.HALF_OPEN: Said("◐", "circuit half-open: probing", "warn"),
}
_REDRIVES = {
    RedriveState.RUNNING: Said("▶", "running", "ok"),
    RedriveState.PAUSED: Said("❚❚", "paused", "warn"),
    RedriveState.CANCELLED: Said("⊘", "cancelled", "muted"),
    RedriveState.DONE: Said("✓", "done", "ok"),
}
_REPLAYS = {
    ReplayState.STARTING: Said("◌", "starting", "muted"),
    ReplayState.RUNNING: Said("▶", "running", "ok"),
    ReplayState.CANCELLING: Said("◌", "being cancelled", "warn"),
    ReplayState.CANCELLED: Said("⊘", "cancelled", "muted"),
    ReplayState.COMPLETED: Said("✓", "done", "ok"),
    ReplayState.FAILED: Said("✕", "failed", "bad"),
}


def result(row: Row) -> Said:
    """Return how an event stands; of how many deliveries once nothing is left to do."""
    many = row.of > 1 and row.settled_at is not None
    if row.state == "delivered":
        return Said("✓", f"delivered {row.delivered}/{row.of}" if many else "delivered", "ok")
    if row.state == "dead":
        return Said("✕", f"dead {row.of - row.delivered}/{row.of}" if many else "dead", "bad")
    if row.state == "retrying" and row.tries:
        return Said("↻", f"retry {row.tries}", "warn")
    return _RESULTS.get(row.state, _RESULTS["pending"])


def rule_count(row: Row) -> str:
    """Return how many rules matched, and once that is known, how many of them got through: "2 ✓ 1 ✕"."""
    if not row.matched:
        return ""
    settled = row.settled_at is not None
    if not row.lost:
        return f"{row.matched} ✓" if settled else str(row.matched)
    through = row.matched - row.lost
    return f"{through} ✓ {row.lost} ✕" if through and settled else f"{row.lost} ✕"


def condition(gauge: Gauge) -> Said:
    """Return how a node of the graph stands."""
    return CONDITIONS.get(gauge.state, Said("", "ok", "ok"))


def lost(name: str, last_minute: int) -> Said:
    """Return what a sink of the graph, ``unmatched`` or ``dead``, says of the last minute."""
    if not last_minute:
        return Said("", "none", "muted")
    return Said("✕", "given up", "bad") if name == "dead" else Said("⌀", "no rule", "warn")


def outcome(state: str, attempts: int) -> Said:
    """Return where a delivery stands."""
    if state == "pending" and attempts:
        return Said("↻", "retrying", "warn")
    return _OUTCOMES[state]


def rule(*, enabled: bool, shadow: bool) -> Said:
    """Return whether a rule makes deliveries."""
    if not enabled:
        return Said("❚❚", "disabled", "muted")
    return Said("◇", "shadow", "muted") if shadow else Said("●", "enabled", "ok")


def target(*, enabled: bool, paused: bool, circuit: CircuitState) -> Said:
    """Return whether a target's deliveries flow."""
    if not enabled:
        return Said("❚❚", "disabled", "bad")
    if paused:
        return Said("❚❚", "paused", "warn")
    return _CIRCUITS[circuit]


def redrive(state: RedriveState) -> Said:
    """Return where a redrive stands."""
    return _REDRIVES[state]


def bus(*, paused: bool) -> Said:
    """Return whether a bus's events are routed."""
    return Said("❚❚", "paused", "warn") if paused else Said("●", "running", "ok")


def replay(state: ReplayState) -> Said:
    """Return where a replay stands."""
    return _REPLAYS[state]
