"""Where Django looks for models: see ``rows``."""

from eventhub.journal.rows import (
    AttemptRow,
    DeadLetterRow,
    EventRow,
    OutcomeRow,
    RedriveRow,
    RoutingRow,
    RulesetRow,
)

__all__ = ["AttemptRow", "DeadLetterRow", "EventRow", "OutcomeRow", "RedriveRow", "RoutingRow", "RulesetRow"]
