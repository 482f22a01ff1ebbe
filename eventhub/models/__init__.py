"""Configuration rows: what people and programs set up. What happened is in ``eventhub.journal``."""

from eventhub.models.archive import Archive
from eventhub.models.bus import DEFAULT_BUS, Bus
from eventhub.models.change import (
    Change,
    Changes,
    Configuration,
    changes_between,
    current_version,
    note_change,
)
from eventhub.models.connection import ApiDestination, Connection
from eventhub.models.endpoint import GlobalEndpoint
from eventhub.models.key import ApiKey, KeyUse, SignInLink
from eventhub.models.partner import PartnerSource, SourceStateError
from eventhub.models.rule import NextRun, Rule, RuleTarget, RuleVersion, routed_pattern
from eventhub.models.target import Target

__all__ = [
    "DEFAULT_BUS",
    "ApiDestination",
    "ApiKey",
    "Archive",
    "Bus",
    "Change",
    "Changes",
    "Configuration",
    "Connection",
    "GlobalEndpoint",
    "KeyUse",
    "NextRun",
    "PartnerSource",
    "Rule",
    "RuleTarget",
    "RuleVersion",
    "SignInLink",
    "SourceStateError",
    "Target",
    "changes_between",
    "current_version",
    "note_change",
    "routed_pattern",
]
