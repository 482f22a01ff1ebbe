"""Who brought dead letters back: a letter knows when, and the redrives of that moment know of whom."""

from collections.abc import Sequence

from eventhub.flow.letters import redrive_of
from eventhub.journal.port import Selection
from eventhub.journal.rows import DeadLetterRow, RedriveRow, microseconds

_MOST = 20  # redrives that are looked at for a letter


def redrivers_of(letters: Sequence[DeadLetterRow]) -> dict[int, str]:
    """Return who redrove letters, by the letter's number; none for redrives that are forgotten."""
    found: dict[int, str] = {}
    for letter in letters:
        if letter.redriven_at is None:
            continue
        made_before = RedriveRow.objects.filter(
            made_at__lte=microseconds(letter.redriven_at), last__gte=letter.seq
        )
        for row in made_before.order_by("-made_at")[:_MOST]:
            redrive = redrive_of(row)
            if _took(redrive.selection, letter):
                found[letter.seq] = redrive.made_by
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
