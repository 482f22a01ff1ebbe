"""CloudFormation's templates: ``AWS::Events::*``. What SAM makes of functions' events is in ``sam``."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from eventhub.api.eventbridge.names import bus_arn
from eventhub.api.importing.intrinsics import NoValue, Template
from eventhub.api.importing.report import (
    BROKEN,
    ImportRefusedError,
    Remark,
    Report,
    UnsupportedError,
    broken,
)
from eventhub.api.importing.resources import Resource, as_text
from eventhub.api.importing.sam import SERVERLESS, of_serverless
from eventhub.models import DEFAULT_BUS

_EVENTS = "AWS::Events::"


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
        if logical_id.startswith("Fn::"):
            why = "repetitions are not worked out: give the template as CloudFormation makes it of them"
            report.unsupported.append(Remark(where, why))
            continue
        if not isinstance(said, dict) or not isinstance(said.get("Type"), str):
            report.refused.append(Remark(where, "wanted an object with a Type"))
            continue
        try:
            found += _of_resource(template, logical_id, said["Type"], report)
        except UnsupportedError as error:
            report.unsupported.append(Remark(where, str(error)))
        except ImportRefusedError as error:
            raise ImportRefusedError(f"{where}: {error}") from error
        except BROKEN as error:
            report.refused.append(broken(where, error))
    for what, given, there in (
        ("parameter", parameters, template.declared),
        ("ARN of", arns, template.resources),
    ):
        for unused in sorted(given.keys() - there.keys()):
            report.notes.append(Remark(f"{what} {unused}", "the template has none of this name"))
    return found


def _of_resource(template: Template, logical_id: str, kind: str, report: Report) -> Iterator[Resource]:
    """Yield what a resource is here; raises UnsupportedError."""
    where = f"Resources.{logical_id}"
    if not (kind.startswith(_EVENTS) or kind in SERVERLESS) or not template.holds(logical_id):
        return
    if kind in SERVERLESS:
        yield from of_serverless(template, logical_id, report)
    elif kind in _READ:
        what, of = _READ[kind]
        yield Resource(where, what, _later(of, template, logical_id, report))
        if kind == f"{_EVENTS}EventBus" and _has_policy(template, logical_id):
            whole = _later(_whole_policy, template, logical_id, report)
            yield Resource(f"{where}.Policy", "whole-policy", whole)
    else:
        raise UnsupportedError(f"{kind} has no counterpart here")


def _later(
    of: Callable[[Template, str, Report], dict[str, Any]], template: Template, logical_id: str, report: Report
) -> Callable[[], dict[str, Any]]:
    return lambda: of(template, logical_id, report)


def _bus(template: Template, logical_id: str, _report: Report) -> dict[str, Any]:
    said = template.properties(logical_id)
    said.pop("Policy", None)
    return said | {"Name": template.name_of(logical_id, "Name")}


def _has_policy(template: Template, logical_id: str) -> bool:
    said = template.said(logical_id)
    try:
        return "Policy" in said and template.value(said["Policy"]) is not NoValue
    except UnsupportedError:
        return True  # which is told when its turn comes


def _whole_policy(template: Template, logical_id: str, _report: Report) -> dict[str, Any]:
    policy = as_text(template.value(template.said(logical_id)["Policy"]))
    return {"EventBusName": template.name_of(logical_id, "Name"), "Policy": policy}


def _rule(template: Template, logical_id: str, report: Report) -> dict[str, Any]:
    written = dict(template.said(logical_id))
    targets = written.pop("Targets", [])
    said: dict[str, Any] = template.object(written) | {"Name": template.name_of(logical_id, "Name")}
    if "EventPattern" in said:
        said["EventPattern"] = as_text(said["EventPattern"])
    said["Targets"] = []
    if not isinstance(targets, list):
        targets = [] if (found := template.value(targets)) is NoValue else template.items(found)
    for place, one in enumerate(targets):
        try:
            target = template.value(one)
            if target is not NoValue:
                said["Targets"].append(_target(target))
        except UnsupportedError as error:  # alone: the rule's other targets are there all the same
            name = one.get("Id") if isinstance(one, dict) else None
            name = name if isinstance(name, str) else place
            report.unsupported.append(Remark(f"Resources.{logical_id}, target {name}", str(error)))
    return said


def _target(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise UnsupportedError(f"Targets: wanted objects, found {said!r:.80}")
    return said | ({"Input": as_text(said["Input"])} if "Input" in said else {})


def _archive(template: Template, logical_id: str, _report: Report) -> dict[str, Any]:
    said = template.properties(logical_id)
    said["ArchiveName"] = template.name_of(logical_id, "ArchiveName")
    said["EventSourceArn"] = said.pop("SourceArn", "")
    if "EventPattern" in said:
        said["EventPattern"] = as_text(said["EventPattern"])
    return said


def _named(template: Template, logical_id: str, _report: Report) -> dict[str, Any]:
    return template.properties(logical_id) | {"Name": template.name_of(logical_id, "Name")}


def _policy(template: Template, logical_id: str, _report: Report) -> dict[str, Any]:
    said = template.properties(logical_id)
    statement = said.get("Statement")
    if isinstance(statement, dict):
        name = said.get("EventBusName", DEFAULT_BUS)
        said["Statement"] = {"Effect": "Allow", "Resource": bus_arn(str(name).rpartition("/")[2])} | statement
    return said


_READ: Mapping[str, tuple[str, Callable[[Template, str, Report], dict[str, Any]]]] = {
    f"{_EVENTS}EventBus": ("bus", _bus),
    f"{_EVENTS}EventBusPolicy": ("policy", _policy),
    f"{_EVENTS}Rule": ("rule", _rule),
    f"{_EVENTS}Archive": ("archive", _archive),
    f"{_EVENTS}Connection": ("connection", _named),
    f"{_EVENTS}ApiDestination": ("api-destination", _named),
    f"{_EVENTS}Endpoint": ("endpoint", _named),
}
