"""Terraform's plan as JSON (``terraform show -json plan``): the resources ``aws_cloudwatch_event_*``.

What is known only after the plan was applied, above all ARNs, is worked out from what it refers to.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from eventhub.api.eventbridge.names import bus_arn
from eventhub.api.importing.arns import NAMED, arn_for
from eventhub.api.importing.report import ImportRefusedError, Remark, Report
from eventhub.api.importing.resources import Resource, UnsupportedError, arn_of_connection
from eventhub.models import DEFAULT_BUS

_PREFIX = "aws_cloudwatch_event_"
_INDEX = re.compile(r"\[[^\]]*\]")
Values = dict[str, Any]


def is_one(document: Any) -> bool:
    """Tell whether a document is a plan, or a state, of Terraform."""
    return isinstance(document, dict) and bool(document.keys() & {"planned_values", "values"})


class _Plan:
    """The planned values by address, and what their arguments refer to."""

    def __init__(self, document: Mapping[str, Any], arns: Mapping[str, str]) -> None:
        planned = document.get("planned_values") or document.get("values") or {}
        if not isinstance(planned, dict) or not isinstance(planned.get("root_module"), dict):
            raise ImportRefusedError("planned_values: wanted an object with root_module")
        self.resources = {one["address"]: one for one in _resources(planned["root_module"])}
        configuration = document.get("configuration") or {}
        self._expressions = dict(_expressions(configuration.get("root_module") or {}, ""))
        self._arns = arns

    def referred(self, address: str, argument: str) -> str | None:
        """Return the address of the resource that an argument refers to, if it refers to one."""
        expressions = self._expressions.get(_INDEX.sub("", address), {})
        said = expressions.get(argument)
        references = said.get("references", []) if isinstance(said, dict) else []
        module = _module(address)
        for reference in references:
            parts = _INDEX.sub("", reference).split(".")
            wanted = module + ".".join(parts[:2])
            key = address.rpartition("[")[2] if address.endswith("]") else ""
            for known in (f"{wanted}[{key}" if key else wanted, wanted, f"{wanted}[0]"):
                if known in self.resources:
                    return known
        return None

    def arn(self, address: str, argument: str, values: Values) -> str:
        """Return an argument that is an ARN; raises UnsupportedError if it cannot be known."""
        if values.get(argument):
            return str(values[argument])
        referred = self.referred(address, argument)
        for known in (address, referred or ""):
            if known in self._arns:
                return self._arns[known]
        if referred is None:
            raise UnsupportedError(
                f"{argument} is known only after the plan is applied: give it for {address}"
            )
        one = self.resources[referred]
        kind, name = one["type"], one.get("values", {})
        if kind in NAMED and name.get(NAMED[kind][0]):
            return arn_for(kind, name[NAMED[kind][0]])
        if kind == f"{_PREFIX}bus":
            return bus_arn(name.get("name", ""))
        if kind == f"{_PREFIX}connection":
            return arn_of_connection(name.get("name", ""))
        if kind == f"{_PREFIX}api_destination":
            return bus_arn("").replace("event-bus/", f"api-destination/{name.get('name', '')}")
        raise UnsupportedError(f"{argument}: the ARN of {referred} is known only to AWS: give it")

    def name(self, address: str, argument: str, values: Values, default: str = "") -> str:
        """Return an argument that is a name, also where it is known by reference only."""
        if values.get(argument):
            return str(values[argument])
        referred = self.referred(address, argument)
        return (
            default if referred is None else _name_of(referred, self.resources[referred].get("values") or {})
        )


def read(document: Mapping[str, Any], *, arns: Mapping[str, str], report: Report) -> list[Resource]:
    """Return a plan's resources; what has no counterpart is noted in the report."""
    plan = _Plan(document, arns)
    found: list[Resource] = []
    targets: dict[tuple[str, str], list[tuple[str, Values]]] = {}
    for address, one in plan.resources.items():
        kind = str(one.get("type", ""))
        values = one.get("values")
        if not kind.startswith(_PREFIX) or one.get("mode") == "data" or not isinstance(values, dict):
            continue
        if kind == f"{_PREFIX}target":
            bus = plan.name(address, "event_bus_name", values, DEFAULT_BUS).rpartition("/")[2]
            targets.setdefault((bus, plan.name(address, "rule", values)), []).append((address, values))
        elif kind != f"{_PREFIX}rule" and kind not in _READ:
            report.unsupported.append(Remark(address, f"{kind} has no counterpart here"))
        elif kind != f"{_PREFIX}rule":
            what, of = _READ[kind]
            found.append(Resource(address, what, _later(of, plan, address, values)))
    for address, one in plan.resources.items():
        if one.get("type") == f"{_PREFIX}rule" and one.get("mode") != "data":
            values = one["values"]
            bus = plan.name(address, "event_bus_name", values, DEFAULT_BUS).rpartition("/")[2]
            own = targets.pop((bus, _name_of(address, values)), [])
            found.append(Resource(address, "rule", _rule(plan, address, bus, own, report)))
    for (_, rule), left in targets.items():
        for address, _ in left:
            report.unsupported.append(Remark(address, f"the plan has no rule {rule!r} for it"))
    return found


def _later(
    of: Callable[[_Plan, str, Values], Values], plan: _Plan, address: str, values: Values
) -> Callable[[], Values]:
    return lambda: _without_nothing(of(plan, address, values))


def _name_of(address: str, values: Values) -> str:
    name = values.get("name")
    return str(name) if name else _INDEX.sub("", address).rpartition(".")[2]


def _rule(
    plan: _Plan, address: str, bus: str, targets: list[tuple[str, Values]], report: Report
) -> Callable[[], Values]:
    values: Values = plan.resources[address]["values"]

    def properties() -> Values:
        if not values.get("name"):
            report.notes.append(Remark(address, f"name is not known yet: took {_name_of(address, values)}"))
        state = values.get("state")
        if state is None and values.get("is_enabled") is False:
            state = "DISABLED"
        made = []
        for place, own in targets:
            try:
                made.append(_target(plan, place, own))
            except UnsupportedError as error:
                report.unsupported.append(Remark(place, str(error)))
        return _without_nothing(
            {
                "Name": _name_of(address, values),
                "EventBusName": bus,
                "Description": values.get("description"),
                "EventPattern": values.get("event_pattern"),
                "ScheduleExpression": values.get("schedule_expression"),
                "State": state,
                "RoleArn": values.get("role_arn"),
                "Tags": _tags(values),
                "Targets": made,
            }
        )

    return properties


def _target(plan: _Plan, address: str, values: Values) -> Values:
    said: Values = {
        "Id": values.get("target_id") or _INDEX.sub("", address).rpartition(".")[2],
        "Arn": plan.arn(address, "arn", values),
        "RoleArn": values.get("role_arn"),
        "Input": values.get("input"),
        "InputPath": values.get("input_path"),
    }
    if one := _one(values, "input_transformer"):
        said["InputTransformer"] = {
            "InputPathsMap": one.get("input_paths") or {},
            "InputTemplate": one.get("input_template"),
        }
    if one := _one(values, "retry_policy"):
        said["RetryPolicy"] = _without_nothing(
            {
                "MaximumEventAgeInSeconds": one.get("maximum_event_age_in_seconds"),
                "MaximumRetryAttempts": one.get("maximum_retry_attempts"),
            }
        )
    if (one := _one(values, "dead_letter_config")) and one.get("arn"):
        said["DeadLetterConfig"] = {"Arn": one["arn"]}
    if one := _one(values, "sqs_target"):
        said["SqsParameters"] = {"MessageGroupId": one.get("message_group_id")}
    if one := _one(values, "kinesis_target"):
        said["KinesisParameters"] = {"PartitionKeyPath": one.get("partition_key_path")}
    if one := _one(values, "http_target"):
        said["HttpParameters"] = _without_nothing(
            {
                "PathParameterValues": one.get("path_parameter_values"),
                "QueryStringParameters": one.get("query_string_parameters"),
                "HeaderParameters": one.get("header_parameters"),
            }
        )
    return _without_nothing(said)


def _bus(_plan: _Plan, _address: str, values: Values) -> Values:
    return {"Name": values.get("name"), "Description": values.get("description"), "Tags": _tags(values)}


def _archive(plan: _Plan, address: str, values: Values) -> Values:
    return {
        "ArchiveName": values.get("name"),
        "EventSourceArn": plan.arn(address, "event_source_arn", values),
        "Description": values.get("description"),
        "EventPattern": values.get("event_pattern"),
        "RetentionDays": values.get("retention_days"),
    }


def _api_destination(plan: _Plan, address: str, values: Values) -> Values:
    return {
        "Name": values.get("name"),
        "Description": values.get("description"),
        "ConnectionArn": plan.arn(address, "connection_arn", values),
        "InvocationEndpoint": values.get("invocation_endpoint"),
        "HttpMethod": values.get("http_method"),
        "InvocationRateLimitPerSecond": values.get("invocation_rate_limit_per_second"),
    }


def _permission(plan: _Plan, address: str, values: Values) -> Values:
    condition = _one(values, "condition")
    return {
        "EventBusName": plan.name(address, "event_bus_name", values, DEFAULT_BUS),
        "StatementId": values.get("statement_id"),
        "Action": values.get("action") or "events:PutEvents",
        "Principal": values.get("principal"),
        "Condition": condition and {name.capitalize(): value for name, value in condition.items()},
    }


def _policy(plan: _Plan, address: str, values: Values) -> Values:
    bus = plan.name(address, "event_bus_name", values, DEFAULT_BUS)
    return {"EventBusName": bus, "Policy": values.get("policy")}


def _connection(_plan: _Plan, _address: str, values: Values) -> Values:
    given = _one(values, "auth_parameters") or {}
    parameters: Values = {}
    if one := _one(given, "basic"):
        parameters["BasicAuthParameters"] = {"Username": one.get("username"), "Password": one.get("password")}
    if one := _one(given, "api_key"):
        parameters["ApiKeyAuthParameters"] = {"ApiKeyName": one.get("key"), "ApiKeyValue": one.get("value")}
    if one := _one(given, "oauth"):
        client = _one(one, "client_parameters") or {}
        parameters["OAuthParameters"] = _without_nothing(
            {
                "AuthorizationEndpoint": one.get("authorization_endpoint"),
                "HttpMethod": one.get("http_method"),
                "ClientParameters": {
                    "ClientID": client.get("client_id"),
                    "ClientSecret": client.get("client_secret"),
                },
                "OAuthHttpParameters": _http(_one(one, "oauth_http_parameters")),
            }
        )
    if one := _one(given, "invocation_http_parameters"):
        parameters["InvocationHttpParameters"] = _http(one)
    return {
        "Name": values.get("name"),
        "Description": values.get("description"),
        "AuthorizationType": values.get("authorization_type"),
        "AuthParameters": parameters,
    }


def _http(said: Values | None) -> Values | None:
    if said is None:
        return None
    names = {"body": "BodyParameters", "header": "HeaderParameters", "query_string": "QueryStringParameters"}
    return {
        member: [
            {
                "Key": one.get("key"),
                "Value": one.get("value"),
                "IsValueSecret": bool(one.get("is_value_secret")),
            }
            for one in said[name]
        ]
        for name, member in names.items()
        if said.get(name)
    }


_READ: Mapping[str, tuple[str, Callable[[_Plan, str, Values], Values]]] = {
    f"{_PREFIX}bus": ("bus", _bus),
    f"{_PREFIX}bus_policy": ("policy", _policy),
    f"{_PREFIX}permission": ("policy", _permission),
    f"{_PREFIX}archive": ("archive", _archive),
    f"{_PREFIX}connection": ("connection", _connection),
    f"{_PREFIX}api_destination": ("api-destination", _api_destination),
}


def _resources(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in module.get("resources") or ():
        if isinstance(one, dict) and isinstance(one.get("address"), str):
            yield one
    for child in module.get("child_modules") or ():
        yield from _resources(child)


def _expressions(module: Mapping[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in module.get("resources") or ():
        yield path + one.get("address", ""), one.get("expressions") or {}
    for name, call in (module.get("module_calls") or {}).items():
        yield from _expressions(call.get("module") or {}, f"{path}module.{name}.")


def _module(address: str) -> str:
    """Return the path of the module that an address lies in, with a dot at its end if there is one."""
    parts = re.match(r"(?:module\.[^.\[]+(?:\[[^\]]*\])?\.)*", address)
    return parts.group(0) if parts else ""


def _one(values: Mapping[str, Any], name: str) -> Values | None:
    """Return a nested block, which a plan shows as a list of one."""
    said = values.get(name)
    one = said[0] if isinstance(said, list) and said else said
    return one if isinstance(one, dict) else None


def _tags(values: Values) -> list[dict[str, str]] | None:
    tags = values.get("tags") or values.get("tags_all")
    return [{"Key": key, "Value": value} for key, value in tags.items()] if isinstance(tags, dict) else None


def _without_nothing(said: Values) -> Values:
    return {name: value for name, value in said.items() if value is not None}
