"""Configure: what admin and REST have in common when they change buses, rules and targets."""

from django.db import transaction

from eventhub.flow.process import NotRunningError, parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.rows import OutcomeRow
from eventhub.models import Bus


def take_effect() -> None:
    """Put what this transaction changes in force as soon as it commits; other processes take a second."""
    # Robust: the change is committed by then; a rulebook that cannot be loaded now is loaded by its keeper.
    transaction.on_commit(_refresh, robust=True)


def _refresh() -> None:
    try:
        keeper = parts().keeper
    except NotRunningError:  # a command that configures without a role; running processes watch the version
        return
    keeper.refresh()


def has_pending(bus: Bus) -> bool:
    """Tell whether deliveries of the bus's events still wait."""
    return OutcomeRow.objects.filter(bus_id=bus.pk, state=OutcomeState.PENDING).exists()
