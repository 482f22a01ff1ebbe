"""Who brought dead letters back: a letter knows when, and the redrives of that moment know of whom."""

from collections.abc import Sequence

from eventhub.flow.letters import redrive_of
from eventhub.journal.port import Selection
from eventhub.journal.rows import DeadLetterRow, RedriveRow, microseconds

_MOST = 100  # redrives that are looked at: the newest that can be meant


def redrivers_of(letters: Sequence[DeadLetterRow]) -> dict[int, str]:
    """Return who redrove letters, by the letter's number; none for redrives that are forgotten."""
    redriven = {
        letter.seq: (letter, microseconds(letter.redriven_at)) for letter in letters if letter.redriven_at
    }
    if not redriven:
        return {}
    latest = max(at for _letter, at in redriven.values())
    rows = RedriveRow.objects.filter(made_at__lte=latest, last__gte=min(redriven)).order_by("-made_at")
    redrives = [(row.last, redrive_of(row)) for row in rows[:_MOST]]
    found: dict[int, str] = {}
    for seq, (letter, at) in redriven.items():
        for last, redrive in redrives:
            if redrive.made_at <= at and seq <= last and _took(redrive.selection, letter):
                found[seq] = redrive.made_by
                break
    return found


def _took(selection: Selection, letter: DeadLetterRow) -> bool:
    """Tell whether a selection holds a letter."""
    dead_at = microseconds(letter.dead_at)
    named = ((name, getattr(selection, name)) for name in ("bus", "rule", "target", "reason", "status"))
    return (
        (not selection.ids or letter.seq in selection.ids)
        and (not selection.bus_ids or letter.bus_id in selection.bus_ids)
        and all(wanted is None or getattr(letter, name) == wanted for name, wanted in named)
        and (selection.reason_class is None or letter.reason_class == selection.reason_class)
        and (selection.since is None or dead_at >= selection.since)
        and (selection.until is None or dead_at < selection.until)
    )
