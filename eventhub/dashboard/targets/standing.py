"""Whether a target's deliveries flow, in one word, and why they do not."""

from dataclasses import dataclass
from datetime import UTC, datetime

from eventhub.dashboard.words import Said
from eventhub.flow.target import target_in_force
from eventhub.journal.limits import CircuitState, TargetState
from eventhub.models import Target

# By the state, which is also what the list is filtered by. In the order of how much they ask for a look.
SAID = {
    "open": Said("▲", "open", "bad"),
    "half-open": Said("◐", "half-open", "warn"),
    "disabled": Said("❚❚", "disabled", "muted"),
    "paused": Said("❚❚", "paused", "warn"),
    # Said as everywhere else: whoever does not think of circuits reads "closed" as shut.
    "closed": Said("✓", "delivering", "ok"),
}
WORDS = tuple(SAID)


@dataclass(frozen=True, slots=True)
class Standing:
    """A target's state in a word, and in a sentence; moments that the sentence goes on with, if there are."""

    word: str
    text: str
    since: datetime | None = None
    next_probe_at: datetime | None = None

    @property
    def said(self) -> Said:
        """Return glyph, word and tone."""
        return SAID[self.word]


def word_of(*, enabled: bool, paused: bool, circuit: CircuitState) -> str:
    """Return the word for a target.

    >>> word_of(enabled=True, paused=True, circuit=CircuitState.OPEN)
    'paused'
    """
    if not enabled:
        return "disabled"
    return "paused" if paused else circuit.value


def standing_of(target: Target, state: TargetState, *, now: datetime) -> Standing:
    """Return how a target stands; ``state`` as the reader may see it."""
    word = word_of(enabled=target.enabled, paused=target.paused, circuit=state.circuit)
    opened_at, next_probe_at = _moment(state.opened_at), _moment(state.next_probe_at)
    in_a_row = f" after {state.failures:,} failures in a row" if state.failures else ""
    match word:
        case "disabled":
            why = f" because {target.disabled_reason}" if target.disabled_reason else ""
            return Standing(word, f"Its deliveries wait: it was disabled{why}. None is lost.")
        case "paused":
            return Standing(word, "Its deliveries wait until it is resumed. None is lost.")
        case "open":
            is_due = next_probe_at is not None and next_probe_at <= now
            probe = "a probe goes with the next delivery that is due" if is_due else ""
            text = f"It stopped taking deliveries{in_a_row}{': ' if probe else ''}{probe}."
            return Standing(word, text, opened_at, None if is_due else next_probe_at)
        case "half-open":
            return Standing(
                word, f"One delivery is under way to see whether it is back{in_a_row}.", opened_at
            )
    if waits := target_in_force(target).waits:
        return Standing(word, f"Its deliveries wait: {waits}.")
    failing = f", though the last {state.failures:,} attempts failed" if state.failures > 1 else ""
    return Standing(word, f"Deliveries go on{failing}.")


def now() -> datetime:
    """Return the present moment, as ``standing_of`` takes it."""
    return datetime.now(UTC)


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1_000_000, UTC)
