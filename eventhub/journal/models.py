"""Where Django looks for models: see ``rows``."""

from eventhub.journal.rows import (
    ArchivedEventRow,
    AttemptRow,
    DeadLetterRow,
    EventRow,
    EventTypeRow,
    OutcomeRow,
    RedriveRow,
    RepeatedRow,
    ReplayRow,
    RoutingRow,
    RulesetRow,
)

__all__ = [
    "ArchivedEventRow",
    "AttemptRow",
    "DeadLetterRow",
    "EventRow",
    "EventTypeRow",
    "OutcomeRow",
    "RedriveRow",
    "RepeatedRow",
    "ReplayRow",
    "RoutingRow",
    "RulesetRow",
]
