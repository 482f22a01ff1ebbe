"""SAM's templates: the rules that it makes of the events of functions and state machines."""

from collections.abc import Iterator, Mapping
from typing import Any

from eventhub.api.importing.intrinsics import Template
from eventhub.api.importing.report import Remark, Report, UnsupportedError
from eventhub.api.importing.resources import Resource, as_text

SERVERLESS = {"AWS::Serverless::Function", "AWS::Serverless::StateMachine"}


# By the type of an event: the members that become its rule, and those that change nothing here.
_TARGET = {"Input", "InputPath", "RetryPolicy", "DeadLetterConfig", "Target", "State", "Description"}
_RULE = _TARGET | {"Pattern", "EventBusName", "InputTransformer", "RuleName"}
_SCHEDULE = _TARGET | {"Schedule", "ScheduleExpression", "ScheduleExpressionTimezone", "Name", "Enabled"}
_PASSED_OVER = {"FlexibleTimeWindow", "GroupName", "KmsKeyArn", "OmitName", "PermissionsBoundary", "RoleArn"}
_SAM: Mapping[str, set[str]] = {
    "EventBridgeRule": _RULE,
    "CloudWatchEvent": _RULE | {"Enabled"},
    "Schedule": _SCHEDULE,
    "ScheduleV2": _SCHEDULE,
}
_OTHERS = {"Api", "HttpApi"}  # events that have nothing to do with EventBridge


def of_serverless(template: Template, logical_id: str, report: Report) -> Iterator[Resource]:
    """Yield the rules that SAM makes of a function's events."""
    events = template.said(logical_id).get("Events") or {}
    if not isinstance(events, dict):
        raise UnsupportedError("Events: wanted an object")
    for name, event in events.items():
        where = f"Resources.{logical_id}.Events.{name}"
        of = event.get("Type") if isinstance(event, dict) else None
        if not isinstance(of, str) or of not in _SAM:
            if not isinstance(of, str) or of not in _OTHERS:
                report.unsupported.append(
                    Remark(where, f"an event of type {of!s:.80} is none of EventBridge's")
                )
            continue

        def properties(
            event: dict[str, Any] = event, name: str = name, of: str = of, where: str = where
        ) -> dict[str, Any]:
            given = _members(template.object(event.get("Properties") or {}), of, where, report)
            target = _arn(template, logical_id)
            if "Arn" not in _object(given, "DeadLetterConfig", {"Arn": ""}):
                given.pop("DeadLetterConfig")
                why = "the queue that SAM makes has no name yet: give its Arn"
                report.unsupported.append(Remark(f"{where}.DeadLetterConfig", why))
            return _rule(given, f"{logical_id}{name}", target, is_schedule=_SAM[of] is _SCHEDULE)

        yield Resource(where, "rule", properties)


def _arn(template: Template, logical_id: str) -> str:
    """Return what SAM makes the target: a function, or the alias that it publishes."""
    arn = str(template.value({"Fn::GetAtt": [logical_id, "Arn"]}))
    alias = template.value(template.said(logical_id).get("AutoPublishAlias"))
    return f"{arn}:{alias}" if isinstance(alias, str) and alias else arn


def _members(given: dict[str, Any], of: str, where: str, report: Report) -> dict[str, Any]:
    """Return the members that become the rule; raises UnsupportedError for one that would change it."""
    passed_over = sorted(given.keys() & _PASSED_OVER)
    if given.get("FlexibleTimeWindow") == {"Mode": "OFF"}:
        passed_over.remove("FlexibleTimeWindow")
    for name in passed_over:
        report.notes.append(Remark(where, f"{name} changes nothing here: passed over"))
    if unknown := sorted(given.keys() - _SAM[of] - _PASSED_OVER):
        raise UnsupportedError(f"{', '.join(unknown)}: a rule has nothing like it")
    return {name: value for name, value in given.items() if name not in _PASSED_OVER}


def _object(given: Mapping[str, Any], name: str, default: dict[str, Any]) -> dict[str, Any]:
    found = given.get(name, default)
    if not isinstance(found, dict):
        raise UnsupportedError(f"{name}: wanted an object, found {found!r:.80}")
    return found


def _rule(given: dict[str, Any], name: str, arn: str, *, is_schedule: bool) -> dict[str, Any]:
    """Return the rule that SAM makes; its name is SAM's, unless one is given."""
    target = {"Id": _object(given, "Target", {}).get("Id", f"{name}LambdaTarget"[:64]), "Arn": arn}
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
    if given.get("ScheduleExpressionTimezone", "UTC") not in ("UTC", "Etc/UTC"):
        raise UnsupportedError("ScheduleExpressionTimezone: rules run by UTC")
    return rule | {"ScheduleExpression": expression}
