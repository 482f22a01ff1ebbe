"""The audit trail, rolling back, and the versions of rules."""

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
from eventhub.api.openapi.resources.buses import BUS
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
SAID = (
    "Every change of configuration: who, when, through which door, before and after. It can be rolled back."
)
ENTRY_ID = 1041
_ANY: Schema = {"description": "The value; not there where there was, or is, none."}
DIFFERENCE = obj(
    "A difference between two states.",
    {"path": text("Such as `pattern.detail.amount`."), "how": words("", *How), "before": _ANY, "after": _ANY},
    optional=["before", "after"],
)
ENTRY = obj(
    "What one transaction changed in one thing.",
    {
        "id": whole("Its number."),
        "at": moment("When."),
        "who": text("`user:NAME`, `key:ID`, `command:NAME` or `eventhub`."),
        "door": words("The way that it came in.", *Door.values),
        "action": text("`created`, `changed`, `deleted`, `enabled`, `paused`, `started` and others."),
        "kind": text("Of the thing: `rule`, `target`, `api-key` …"),
        "object_id": text("Its number or id."),
        "name": text("As it was called then; a rule's with its bus."),
        "bus_id": nullable(whole("The bus that it belongs to.")),
        "reason": text("If one was given."),
        "change": text("The same in all entries of one transaction."),
        "rolls_back": nullable(whole("The entry that this one takes back.")),
        "differences": many(ref("Difference"), "Field by field; secrets as a mark."),
    },
)
WHOLE = obj(
    "An entry with the whole thing before and after.",
    ENTRY["properties"]
    | {"before": nullable(anything("Null: it was not there yet.")), "after": nullable(anything("Likewise."))},
)
ROLLED = obj(
    "What rolling back changes.",
    {
        "dry_run": truth(),
        "kind": text(),
        "object_id": text("Of the thing; one that is made again has another than before."),
        "name": text(),
        "differences": many(ref("Difference")),
        "notes": many(text(), "What it does not bring back."),
    },
)
VERSION = obj(
    "An immutable state of a rule.",
    {
        "number": whole(minimum=1),
        "made_at": moment("When."),
        "made_by": text("Who made it."),
        "name": text(),
        "pattern": nullable(anything("Null if it had a schedule alone.")),
        "schedule_expression": text(),
        "enabled": truth(),
        "targets": many(anything("The name, and the transform if there is one.")),
        "differences": many(ref("Difference"), "From the version before."),
    },
)
_BACK = obj(
    "A rule that is what it was in a version.",
    {
        "dry_run": truth(),
        "version": whole("The version that this makes."),
        "differences": many(ref("Difference")),
    },
)
COMPONENTS = {
    "Difference": DIFFERENCE,
    "AuditEntry": ENTRY,
    "AuditEntryPage": page("AuditEntry"),
    "WholeAuditEntry": WHOLE,
    "RolledBack": ROLLED,
    "RuleVersion": VERSION,
    "RuleVersionPage": page("RuleVersion"),
    "RuleRolledBack": _BACK,
}
_DIFFERENCE = {"path": "enabled", "how": "changed", "before": False, "after": True}
CHANGE = "0123456789abcdef0123456789abcdef"
NAME = f"{BUS}/big-orders"
EXAMPLE: dict[str, Any] = {
    "id": ENTRY_ID,
    "at": "2026-01-31T12:00:00.000Z",
    "who": "user:ann",
    "door": "admin",
    "action": "enabled",
    "kind": "rule",
    "object_id": str(RULE_ID),
    "name": NAME,
    "bus_id": 2,
    "reason": "",
    "change": CHANGE,
    "rolls_back": None,
    "differences": [_DIFFERENCE],
}
_VERSION = {
    "number": 1,
    "made_at": "2026-01-31T12:00:00.000Z",
    "made_by": "user:ann",
    "name": "big-orders",
    "pattern": PATTERN,
    "schedule_expression": "",
    "enabled": True,
    "targets": [{"name": TARGET}],
    "differences": [],
}
_ID = in_path("entry_id", "The number of the entry.", whole(minimum=0), ENTRY_ID)
_DRY = truth("Tell what would change, and change nothing.")

OPERATIONS: Operations = {
    ("GET", "/api/audit"): Operation(
        "list_audit_entries",
        TAG,
        "List changes",
        "A page of the audit trail, the newest first. A key that is limited to buses sees what is theirs.",
        {200: Answer("One page.", ref("AuditEntryPage"), {"items": [EXAMPLE], "next": None})},
        parameters=(
            LIMIT,
            *before_and_after("id", str(2 * ENTRY_ID)),
            order_of_happened(),
            Parameter("object", "Only of this thing: `KIND:ID`.", text(), f"rule:{RULE_ID}"),
            Parameter("kind", "Only of things of this kind.", text(), "rule"),
            Parameter("name", "Only of things of this name.", text(), NAME),
            Parameter("bus_id", "Only of what belongs to the bus of this number.", whole(minimum=0)),
            Parameter("who", "Only what they did.", text(), "user:ann"),
            Parameter("door", "Only what came in this way.", words("", *Door.values), "admin"),
            Parameter("action", "Only this action.", text(), "enabled"),
            Parameter("change", "Only of this transaction.", text(), CHANGE),
            *since_and_until("made"),
        ),
        scope="admin",
    ),
    ("GET", "/api/audit/{entry_id}"): Operation(
        "read_audit_entry",
        TAG,
        "Read a change",
        "One entry, with the whole thing before and after the change.",
        {
            200: Answer(
                "The entry.",
                ref("WholeAuditEntry"),
                EXAMPLE | {"before": {"enabled": False}, "after": {"enabled": True}},
            )
        },
        parameters=(_ID,),
        scope="admin",
    ),
    ("POST", "/api/audit/{entry_id}/rollback"): Operation(
        "roll_back_change",
        TAG,
        "Roll a change back",
        "What the change made is deleted, what it deleted is made anew, and of what it changed the same "
        "fields become what they were. It is a change like any: judged, recorded, and refused with the "
        "reason (409).",
        {
            200: Answer(
                "What it changed.",
                ref("RolledBack"),
                {
                    "dry_run": False,
                    "kind": "rule",
                    "object_id": str(RULE_ID),
                    "name": NAME,
                    "differences": [_DIFFERENCE | {"before": True, "after": False}],
                    "notes": [],
                },
            )
        },
        (409,),
        parameters=(_ID,),
        body=Body(
            obj(
                "Whether to do it, and why.",
                {"dry_run": _DRY, "reason": text("Why; the trail keeps it.")},
                optional=["dry_run", "reason"],
            ),
            {
                "dry": Example("See first", {"dry_run": True}),
                "back": Example("Take it back", {"reason": "too many orders matched"}),
            },
            required=False,
        ),
        scope="admin",
    ),
    ("GET", "/api/rules/{id}/versions"): Operation(
        "list_rule_versions",
        "rules",
        "List the versions of a rule",
        "A page of its versions, the newest first, each with what is different from the one before.",
        {200: Answer("One page.", ref("RuleVersionPage"), {"items": [_VERSION], "next": None})},
        parameters=(RESOURCE.key, LIMIT, *before_and_after("number", "9"), order_of_happened()),
        scope="rules:read",
    ),
    ("POST", "/api/rules/{id}/rollback"): Operation(
        "roll_back_rule",
        "rules",
        "Roll a rule back to a version",
        "The rule becomes what it was then: name, pattern, schedule, enabled or not, targets and transforms. "
        "That is a new version. What cannot be is refused with the reason (409).",
        {
            200: Answer(
                "What it changed.",
                ref("RuleRolledBack"),
                {"dry_run": False, "version": 3, "differences": [_DIFFERENCE]},
            )
        },
        (409,),
        parameters=(RESOURCE.key,),
        body=Body(
            obj(
                "Which version.",
                {"version": whole("Its number.", minimum=1, maximum=2**31 - 1), "dry_run": _DRY},
                optional=["dry_run"],
            ),
            {
                "one": Example("The first", {"version": 1}),
                "dry": Example("See first", {"version": 1, "dry_run": True}),
            },
        ),
        scope="rules:write",
    ),
}
