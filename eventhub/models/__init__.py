"""Configuration rows: what people and programs set up. What happened is in ``eventhub.journal``."""

from eventhub.models.archive import Archive
from eventhub.models.audit import AuditEntry, Door
from eventhub.models.bus import DEFAULT_BUS, Bus, FormerBus
from eventhub.models.change import (
    Change,
    Changes,
    Configuration,
    changes_between,
    current_version,
    note_change,
)
from eventhub.models.connection import ApiDestination, Connection
from eventhub.models.doing import act_as_itself, because, doing, unrecorded
from eventhub.models.endpoint import GlobalEndpoint
from eventhub.models.grant import Grant, Role
from eventhub.models.key import ApiKey, KeyUse, SignInLink
from eventhub.models.partner import PartnerSource, SourceStateError
from eventhub.models.recording import Subject, record_action, record_created, recorded
from eventhub.models.rule import NextRun, Rule, RuleTarget, RuleVersion, routed_pattern
from eventhub.models.sign_in import SignInTries
from eventhub.models.target import Target

__all__ = [
    "DEFAULT_BUS",
    "ApiDestination",
    "ApiKey",
    "Archive",
    "AuditEntry",
    "Bus",
    "Change",
    "Changes",
    "Configuration",
    "Connection",
    "Door",
    "FormerBus",
    "GlobalEndpoint",
    "Grant",
    "KeyUse",
    "NextRun",
    "PartnerSource",
    "Role",
    "Rule",
    "RuleTarget",
    "RuleVersion",
    "SignInLink",
    "SignInTries",
    "SourceStateError",
    "Subject",
    "Target",
    "act_as_itself",
    "because",
    "changes_between",
    "current_version",
    "doing",
    "note_change",
    "record_action",
    "record_created",
    "recorded",
    "routed_pattern",
    "unrecorded",
]
