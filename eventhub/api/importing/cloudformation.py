"""CloudFormation and SAM templates: ``AWS::Events::*``, and the events of functions and state machines."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from eventhub.api.eventbridge.names import bus_arn
from eventhub.api.importing.arns import NAMED, arn_for
from eventhub.api.importing.intrinsics import Template
from eventhub.api.importing.report import ImportRefusedError, Remark, Report
from eventhub.api.importing.resources import Resource, UnsupportedError, as_text
from eventhub.models import DEFAULT_BUS

_EVENTS = "AWS::Events::"
_SERVERLESS = {"AWS::Serverless::Function", "AWS::Serverless::StateMachine"}


def read(
    document: Mapping[str, Any],
    *,
    name: str,
    parameters: Mapping[str, str],
    arns: Mapping[str, str],
    report: Report,
) -> list[Resource]:
    """Return a template's resources; what cannot be taken over is noted in the report."""
    try:
        template = Template(document, name=name, parameters=parameters, arns=arns, report=report)
    except UnsupportedError as error:
        raise ImportRefusedError(str(error)) from error
    found: list[Resource] = []
    for logical_id, said in template.resources.items():
        where = f"Resources.{logical_id}"
        kind = said.get("Type") if isinstance(said, dict) else None
        if not isinstance(kind, str):
            report.refused.append(Remark(where, "wanted an object with a Type"))
            continue
        try:
            if not (kind.startswith(_EVENTS) or kind in _SERVERLESS) or not template.holds(logical_id):
                continue
            if kind in _SERVERLESS:
                found += _of_serverless(template, logical_id, report)
            elif kind in _READ:
                what, of = _READ[kind]
                found.append(Resource(where, what, _later(of, template, logical_id)))
            else:
                raise UnsupportedError(f"{kind} has no counterpart here")
        except UnsupportedError as error:
            report.unsupported.append(Remark(where, str(error)))
    return found


def _later(
    of: Callable[[Template, str], dict[str, Any]], template: Template, logical_id: str
) -> Callable[[], dict[str, Any]]:
    return lambda: of(template, logical_id)


def _bus(template: Template, logical_id: str) -> dict[str, Any]:
    said = template.properties(logical_id)
    said.pop("Policy", None)
    return said | {"Name": template.name_of(logical_id, "Name")}


def _rule(template: Template, logical_id: str) -> dict[str, Any]:
    said = template.properties(logical_id) | {"Name": template.name_of(logical_id, "Name")}
    if "EventPattern" in said:
        said["EventPattern"] = as_text(said["EventPattern"])
    said["Targets"] = [_target(one) for one in said.get("Targets", [])]
    return said


def _target(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise UnsupportedError("Targets: wanted objects")
    return said | ({"Input": as_text(said["Input"])} if "Input" in said else {})


def _archive(template: Template, logical_id: str) -> dict[str, Any]:
    said = template.properties(logical_id)
    said["ArchiveName"] = template.name_of(logical_id, "ArchiveName")
    said["EventSourceArn"] = said.pop("SourceArn", "")
    if "EventPattern" in said:
        said["EventPattern"] = as_text(said["EventPattern"])
    return said


def _named(template: Template, logical_id: str) -> dict[str, Any]:
    return template.properties(logical_id) | {"Name": template.name_of(logical_id, "Name")}


def _policy(template: Template, logical_id: str) -> dict[str, Any]:
    said = template.properties(logical_id)
    statement = said.get("Statement")
    if isinstance(statement, dict):
        name = said.get("EventBusName", DEFAULT_BUS)
        said["Statement"] = {"Effect": "Allow", "Resource": bus_arn(str(name).rpartition("/")[2])} | statement
    return said


_READ: Mapping[str, tuple[str, Callable[[Template, str], dict[str, Any]]]] = {
    f"{_EVENTS}EventBus": ("bus", _bus),
    f"{_EVENTS}EventBusPolicy": ("policy", _policy),
    f"{_EVENTS}Rule": ("rule", _rule),
    f"{_EVENTS}Archive": ("archive", _archive),
    f"{_EVENTS}Connection": ("connection", _named),
    f"{_EVENTS}ApiDestination": ("api-destination", _named),
    f"{_EVENTS}Endpoint": ("endpoint", _named),
}


def _of_serverless(template: Template, logical_id: str, report: Report) -> Iterator[Resource]:
    """Yield the rules that SAM makes of a function's events."""
    said = template.resources[logical_id]
    events = (said.get("Properties") or {}).get("Events") or {}
    if not isinstance(events, dict):
        raise UnsupportedError("Events: wanted an object")
    kind: str = said["Type"]
    for name, event in events.items():
        where = f"Resources.{logical_id}.Events.{name}"
        of = event.get("Type") if isinstance(event, dict) else None
        if of not in _SAM:
            if of in {"Api", "HttpApi"}:
                continue  # nothing of EventBridge
            report.unsupported.append(Remark(where, f"an event of type {of} is none of EventBridge's"))
            continue

        def properties(
            event: dict[str, Any] = event, name: str = name, of: Any = of, where: str = where
        ) -> dict[str, Any]:
            given = template.value(event.get("Properties") or {})
            if not isinstance(given, dict):
                raise UnsupportedError("Properties: wanted an object")
            target = arn_for(kind, template.name_of(logical_id, NAMED[kind][0]))
            if "Arn" not in given.get("DeadLetterConfig", {"Arn": ""}):
                given.pop("DeadLetterConfig")
                why = "the queue that SAM makes has no name yet: give its Arn"
                report.unsupported.append(Remark(f"{where}.DeadLetterConfig", why))
            return _sam_rule(given, f"{logical_id}{name}", target, is_schedule=_SAM[of])

        yield Resource(where, "rule", properties)


_SAM: Mapping[Any, bool] = {
    "EventBridgeRule": False,
    "CloudWatchEvent": False,
    "Schedule": True,
    "ScheduleV2": True,
}


def _sam_rule(given: dict[str, Any], name: str, arn: str, *, is_schedule: bool) -> dict[str, Any]:
    """Return the rule that SAM makes; its name is SAM's, unless one is given."""
    target = {"Id": given.get("Target", {}).get("Id", f"{name}LambdaTarget"[:64]), "Arn": arn}
    for member in ("Input", "InputPath", "RetryPolicy", "InputTransformer"):
        if member in given:
            target[member] = as_text(given[member]) if member == "Input" else given[member]
    if "DeadLetterConfig" in given:
        target["DeadLetterConfig"] = {"Arn": given["DeadLetterConfig"]["Arn"]}
    rule: dict[str, Any] = {"Name": given.get("RuleName", given.get("Name", name)), "Targets": [target]}
    is_off = given.get("Enabled") is False or given.get("State") == "DISABLED"
    rule["State"] = "DISABLED" if is_off else "ENABLED"
    if "Description" in given:
        rule["Description"] = given["Description"]
    if not is_schedule:
        rule["EventPattern"] = as_text(given.get("Pattern"))
        return rule | ({"EventBusName": given["EventBusName"]} if "EventBusName" in given else {})
    expression = given.get("Schedule", given.get("ScheduleExpression", ""))
    if str(expression).startswith("at("):
        raise UnsupportedError("at(…) runs once: a rule has rate(…) or cron(…)")
    if given.get("ScheduleExpressionTimezone", "UTC") not in {"UTC", "Etc/UTC"}:
        raise UnsupportedError("ScheduleExpressionTimezone: rules run by UTC")
    return rule | {"ScheduleExpression": expression}
