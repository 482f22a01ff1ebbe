"""The audit trail, and the versions of rules."""

from typing import Any

from eventhub.api.openapi.configured import page
from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.parameters import (
    LIMIT,
    before_and_after,
    in_path,
    order_of_happened,
    since_and_until,
)
from eventhub.api.openapi.resources.rules import PATTERN, RESOURCE, RULE_ID, TARGET
from eventhub.api.openapi.shape import (
    Schema,
    anything,
    many,
    moment,
    nullable,
    obj,
    ref,
    text,
    truth,
    whole,
    words,
)
from eventhub.domain.difference import How
from eventhub.models import Door

TAG = "audit"
SAID = "The audit trail: every change of what is configured, with who, when, before and after."
ENTRY_ID = 41
_BEFORE_AND_AFTER: dict[str, Schema] = {
    "before": {"description": "What was there, if anything was."},
    "after": {"description": "What is there, if anything is."},
}
_DIFFERENCE = obj(
    "One value that differs.",
    {"path": text("Where it is."), "how": words("", *How), **_BEFORE_AND_AFTER},
    optional=["before", "after"],
)
_ENTRY: dict[str, Schema] = {
    "id": whole("Its number."),
    "at": moment("When."),
    "who": text("Who: `user:…`, `key:…`, `command:…` or `eventhub`."),
    "door": words("Which way it came.", *Door.values),
    "action": text("What was done: created, changed, deleted, enabled …"),
    "kind": text("What it was done to: rule, target …"),
    "object_id": text("The number of that."),
    "name": text("As it was called then; a rule's with its bus."),
    "bus_id": nullable(whole("The number of the bus that it belongs to.")),
    "reason": text("If one was given."),
    "change": text("The same in all entries of one transaction."),
    "rolls_back": nullable(whole("The entry that it takes back.")),
    "differences": many(ref("Difference")),
}
_STATE = anything("The whole thing as it was; of secrets, that there are some.")
_VERSION = obj(
    "The state of a rule between two changes.",
    {
        "number": whole("1 for the first.", minimum=1),
        "made_at": moment("When."),
        "made_by": text("Who made it."),
        "name": text(),
        "pattern": nullable(anything("Its pattern; null if it had a schedule alone.")),
        "schedule_expression": text(),
        "enabled": truth(),
        "shadow": truth(),
        "targets": many(anything("A target by name, with its transform.")),
        "differences": many(ref("Difference"), "From the version before it."),
    },
)
COMPONENTS = {
    "Difference": _DIFFERENCE,
    "AuditEntry": obj("An entry as a list shows it.", _ENTRY),
    "AuditEntryPage": page("AuditEntry"),
    "WholeAuditEntry": obj(
        "An entry with all of before and after.",
        _ENTRY | {"before": nullable(_STATE), "after": nullable(_STATE)},
    ),
    "Rollback": obj(
        "What a rollback changes, or would.",
        {
            "dry_run": truth("Whether it only was told."),
            "kind": text(),
            "object_id": text(),
            "name": text(),
            "differences": many(ref("Difference")),
            "notes": many(text(), "What it does not bring back."),
        },
    ),
    "RuleVersion": _VERSION,
    "RuleVersionPage": page("RuleVersion"),
    "RuleRollback": obj(
        "What going back to a version changes, or would.",
        {
            "dry_run": truth("Whether it only was told."),
            "version": whole("The version that this makes."),
            "differences": many(ref("Difference")),
        },
    ),
}
_CHANGED = {"path": "description", "how": "changed", "before": "Orders", "after": "Orders above 100"}
_EXAMPLE: dict[str, Any] = {
    "id": ENTRY_ID,
    "at": "2026-01-31T12:00:00.000Z",
    "who": "user:ann",
    "door": "rest",
    "action": "changed",
    "kind": "rule",
    "object_id": str(RULE_ID),
    "name": "shop/big-orders",
    "bus_id": 2,
    "reason": "",
    "change": "0123456789abcdef0123456789abcdef",
    "rolls_back": None,
    "differences": [_CHANGED],
}
_SWITCHED = {"path": "enabled", "how": "changed", "before": True, "after": False}
_ID = in_path("entry_id", "The number of the entry.", whole(minimum=0), ENTRY_ID)
_DRY = truth("Only tell what would change.")
OPERATIONS: Operations = {
    ("GET", "/api/audit"): Operation(
        "list_audit_entries",
        TAG,
        "List changes",
        "A page of the audit trail, the newest first. For administrators; of a key that is "
        "limited to buses, what "
        "belongs to these.",
        {200: Answer("One page.", ref("AuditEntryPage"), {"items": [_EXAMPLE], "next": None})},
        parameters=(
            LIMIT,
            *before_and_after("id", str(ENTRY_ID + 1)),
            order_of_happened(),
            Parameter("kind", "Only those of this kind.", text(), "rule"),
            Parameter("object", "Only those of one thing: KIND:ID.", text(), f"rule:{RULE_ID}"),
            Parameter("name", "Only those of things that had this name.", text(), "shop/big-orders"),
            Parameter("who", "Only those by this one.", text()),
            Parameter("action", "Only those that were this.", text(), "changed"),
            Parameter("door", "Only those that came this way.", words("", *Door.values)),
            Parameter("change", "Only those of one transaction.", text()),
            Parameter("bus_id", "Only those that belong to this bus.", whole(minimum=0)),
            *since_and_until("made"),
        ),
        scope="admin",
    ),
    ("GET", "/api/audit/{entry_id}"): Operation(
        "read_audit_entry",
        TAG,
        "Read a change",
        "An entry with all of before and after.",
        {
            200: Answer(
                "The entry.",
                ref("WholeAuditEntry"),
                _EXAMPLE
                | {"before": {"description": "Orders"}, "after": {"description": "Orders above 100"}},
            )
        },
        parameters=(_ID,),
        scope="admin",
    ),
    ("POST", "/api/audit/{entry_id}/rollback"): Operation(
        "roll_back_change",
        TAG,
        "Take a change back",
        "What it made is deleted, what it deleted is made anew, and what it changed becomes "
        "what it was; what "
        "changed since elsewhere stays. That is a change like any. One that cannot be taken "
        "back is refused (409).",
        {
            200: Answer(
                "What it changed, or would.",
                ref("Rollback"),
                {
                    "dry_run": False,
                    "kind": "rule",
                    "object_id": str(RULE_ID),
                    "name": "shop/big-orders",
                    "differences": [_CHANGED],
                    "notes": [],
                },
            )
        },
        (409,),
        parameters=(_ID,),
        body=Body(
            obj(
                "How.",
                {"dry_run": _DRY, "reason": text("A text that the trail keeps.")},
                optional=["dry_run", "reason"],
            ),
            {
                "dry": Example("Tell first", {"dry_run": True}),
                "reason": Example("Take it back", {"reason": "It was too much"}),
            },
            required=False,
        ),
        scope="admin",
    ),
    ("GET", "/api/rules/{id}/versions"): Operation(
        "list_rule_versions",
        "rules",
        "List the versions of a rule",
        "A page of its versions, the newest first, each with what it changed.",
        {
            200: Answer(
                "One page.",
                ref("RuleVersionPage"),
                {
                    "items": [
                        {
                            "number": 2,
                            "made_at": "2026-01-31T12:00:00.000Z",
                            "made_by": "user:ann",
                            "name": "big-orders",
                            "pattern": PATTERN,
                            "schedule_expression": "",
                            "enabled": True,
                            "shadow": False,
                            "targets": [{"name": TARGET}],
                            "differences": [_SWITCHED],
                        }
                    ],
                    "next": None,
                },
            )
        },
        parameters=(
            RESOURCE.key,
            LIMIT,
            *before_and_after("number", "3"),
            order_of_happened(),
        ),
        scope="rules:read",
    ),
    ("POST", "/api/rules/{id}/rollback"): Operation(
        "roll_back_rule",
        "rules",
        "Make a rule what it was",
        "Makes the rule what it was in one of its versions, which is a new version. One that it "
        "is already, or "
        "that cannot be any more, is refused (409).",
        {
            200: Answer(
                "What it changed, or would.",
                ref("RuleRollback"),
                {"dry_run": False, "version": 3, "differences": [_SWITCHED]},
            )
        },
        (409,),
        parameters=(RESOURCE.key,),
        body=Body(
            obj(
                "Which version.",
                {
                    "version": whole("The number of the version.", minimum=1, maximum=2**31 - 1),
                    "dry_run": _DRY,
                },
                optional=["dry_run"],
            ),
            {
                "dry": Example("Tell first", {"version": 1, "dry_run": True}),
                "back": Example("Go back", {"version": 1}),
            },
        ),
        scope="rules:write",
    ),
}
