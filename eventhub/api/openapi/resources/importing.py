"""Import and export."""

from eventhub.api.openapi.operation import Answer, Body, Example, Operation, Operations, Parameter
from eventhub.api.openapi.shape import anything, many, obj, ref, text, truth, words

TAG = "import and export"
SAID = "All of the configuration as YAML, and from it, CloudFormation, SAM, Terraform's plan or `aws events`."
_REMARK = obj("A remark about one place of the file.", {"where": text(), "text": text()})
_CHANGE = obj(
    "What would change, or was changed.",
    {
        "change": words("", "added", "changed", "removed"),
        "kind": text("What it is: a bus, a rule …"),
        "name": text(),
        "members": {
            "type": "object",
            "description": "Its members that differ.",
            "additionalProperties": obj("Before and after.", {"before": {}, "after": {}}),
        },
    },
)
REPORT = obj(
    "What an import changes.",
    {
        "applied": truth("Whether it was changed, or would be."),
        "changes": many(ref("ImportChange")),
        "unsupported": many(ref("ImportRemark"), "What the file has and we do not."),
        "refused": many(ref("ImportRemark"), "What stands against applying it."),
        "notes": many(ref("ImportRemark")),
    },
)
COMPONENTS = {"ImportReport": REPORT, "ImportChange": _CHANGE, "ImportRemark": _REMARK}
_FILE = {"buses": [{"name": "warehouse", "description": "What comes and goes"}]}
_CONTENT = anything("What the file says: by section, such as `buses`, an array of rows.")
OPERATIONS: Operations = {
    ("POST", "/api/import"): Operation(
        "import_configuration",
        TAG,
        "Import configuration",
        "Says what the file changes; with `apply=true` it is changed, all of it or nothing. The "
        "body is the file, "
        "whatever its content type says. For administrators.",
        {
            200: Answer(
                "What it changes.",
                ref("ImportReport"),
                {
                    "applied": False,
                    "changes": [
                        {
                            "change": "added",
                            "kind": "bus",
                            "name": "warehouse",
                            "members": {"description": {"before": None, "after": "What comes and goes"}},
                        }
                    ],
                    "unsupported": [],
                    "refused": [],
                    "notes": [],
                },
            )
        },
        parameters=(
            Parameter("apply", "Change it.", truth(), False),
            Parameter("prune", "Delete what the file does not have.", truth(), False),
            Parameter(
                "parameter", "A parameter of a template, NAME=VALUE; any number of them.", many(text())
            ),
            Parameter(
                "arn", "What an ARN in a template becomes, ARN=NAME; any number of them.", many(text())
            ),
        ),
        body=Body(
            _CONTENT,
            {"yaml": Example("YAML of our own", _FILE)},
            content_type="application/yaml",
            others={"application/json": _CONTENT},
        ),
        scope="admin",
    ),
    ("GET", "/api/export"): Operation(
        "export_configuration",
        TAG,
        "Export the configuration",
        "Buses, connections, API destinations, targets, archives and rules as YAML, without secrets.",
        {
            200: Answer("YAML.", _CONTENT, _FILE, content_type="application/yaml"),
            304: Answer("Nothing changed since the `ETag` that `If-None-Match` names."),
        },
        scope="admin",
    ),
}
