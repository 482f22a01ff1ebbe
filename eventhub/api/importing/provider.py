"""What Terraform's provider calls the members of EventBridge's requests."""

from collections.abc import Callable, Mapping
from typing import Any

from eventhub.api.eventbridge.names import bus_arn
from eventhub.api.importing.block import PREFIX, Block, name_for
from eventhub.api.importing.plan import Values
from eventhub.api.importing.report import Remark, Report, UnsupportedError
from eventhub.api.importing.resources import arn_of_connection

RULE, TARGET = f"{PREFIX}rule", f"{PREFIX}target"


def rule_of(block: Block) -> Values:
    """Return what PutRule is asked, but for the names."""
    pattern, schedule = block.get("event_pattern"), block.get("schedule_expression")
    if not pattern and not schedule:
        raise UnsupportedError(
            "event_pattern and schedule_expression: both are known only after the plan is applied"
        )
    state = block.get("state")
    if state is None and block.get("is_enabled") is False:
        state = "DISABLED"
    return {
        "Description": block.told("description"),
        "EventPattern": pattern,
        "ScheduleExpression": schedule,
        "State": state,
        "RoleArn": _role(block),
        "Tags": _tags(block),
    }


def target_of(block: Block, report: Report) -> Values:
    """Return a target of PutTargets. A dead-letter queue that cannot be known is left out alone."""
    said: Values = {
        "Id": block.get("target_id") or name_for(block.address),
        "Arn": block.arn("arn"),
        "RoleArn": _role(block),
        "Input": block.get("input"),
        "InputPath": block.get("input_path"),
    }
    if one := block.one("input_transformer"):
        said["InputTransformer"] = {
            "InputPathsMap": one.get("input_paths") or {},
            "InputTemplate": one.required("input_template"),
        }
    if one := block.one("retry_policy"):
        said["RetryPolicy"] = _some(
            MaximumEventAgeInSeconds=one.get("maximum_event_age_in_seconds"),
            MaximumRetryAttempts=one.get("maximum_retry_attempts"),
        )
    said |= _dead_letters(block, report)
    if one := block.one("sqs_target"):
        said["SqsParameters"] = _some(MessageGroupId=one.get("message_group_id"))
    if one := block.one("kinesis_target"):
        said["KinesisParameters"] = _some(PartitionKeyPath=one.get("partition_key_path"))
    if one := block.one("http_target"):
        said["HttpParameters"] = _some(
            PathParameterValues=one.get("path_parameter_values"),
            QueryStringParameters=one.get("query_string_parameters"),
            HeaderParameters=one.get("header_parameters"),
        )
    return said


def _dead_letters(block: Block, report: Report) -> Values:
    try:
        one = block.one("dead_letter_config")
        if one is None or (one.values.get("arn") is None and "arn" in one.values):
            return {}
        return {"DeadLetterConfig": {"Arn": one.arn("arn")}}
    except UnsupportedError as error:
        report.unsupported.append(Remark(f"{block.address}.dead_letter_config", str(error)))
        return {}


def _bus(block: Block) -> Values:
    dead, log = block.one("dead_letter_config"), block.one("log_config")
    return {
        "Name": block.required("name"),
        "EventSourceName": block.get("event_source_name"),
        "Description": block.told("description"),
        "KmsKeyIdentifier": block.told("kms_key_identifier"),
        "DeadLetterConfig": dead and _some(Arn=_told_arn(dead)),
        "LogConfig": log and _some(IncludeDetail=log.told("include_detail"), Level=log.told("level")),
        "Tags": _tags(block),
    }


def _archive(block: Block) -> Values:
    source = block.arn("event_source_arn")
    return {
        "ArchiveName": block.required("name"),
        # Accounts and Regions are AWS's: here the names count.
        "EventSourceArn": bus_arn(source.partition(":event-bus/")[2] or source),
        "Description": block.told("description"),
        "EventPattern": block.get("event_pattern"),
        "RetentionDays": block.get("retention_days"),
        "KmsKeyIdentifier": block.told("kms_key_identifier"),
    }


def _api_destination(block: Block) -> Values:
    connection = block.arn("connection_arn").partition(":connection/")[2].partition("/")[0]
    return {
        "Name": block.required("name"),
        "Description": block.told("description"),
        "ConnectionArn": arn_of_connection(connection),
        "InvocationEndpoint": block.required("invocation_endpoint"),
        "HttpMethod": block.required("http_method"),
        "InvocationRateLimitPerSecond": block.get("invocation_rate_limit_per_second"),
    }


def _permission(block: Block) -> Values:
    condition = block.one("condition")
    return {
        "EventBusName": block.bus(),
        "StatementId": block.required("statement_id"),
        "Action": block.get("action") or "events:PutEvents",
        "Principal": block.required("principal"),
        "Condition": condition
        and {
            "Type": condition.required("type"),
            "Key": condition.required("key"),
            "Value": condition.required("value"),
        },
    }


def _policy(block: Block) -> Values:
    return {"EventBusName": block.bus(), "Policy": block.required("policy")}


def _endpoint(block: Block) -> Values:
    routing = block.one("routing_config")
    failover = routing and routing.one("failover_config")
    primary, secondary = failover and failover.one("primary"), failover and failover.one("secondary")
    replication = block.one("replication_config")
    buses = [one.arn("event_bus_arn") for one in block.many("event_bus")]
    if primary is None or secondary is None or not buses:
        raise UnsupportedError("routing_config and event_bus are known only after the plan is applied")
    return {
        "Name": block.required("name"),
        "Description": block.told("description"),
        "RoleArn": _role(block),
        "RoutingConfig": {
            "FailoverConfig": {
                "Primary": {"HealthCheck": primary.arn("health_check")},
                "Secondary": {"Route": secondary.required("route")},
            }
        },
        "ReplicationConfig": replication and _some(State=replication.get("state")),
        "EventBuses": [{"EventBusArn": arn} for arn in buses],
    }


def _connection(block: Block) -> Values:
    if block.one("invocation_connectivity_parameters"):
        raise UnsupportedError(
            "invocation_connectivity_parameters: there are no private networks of AWS here"
        )
    given = block.one("auth_parameters")
    if given is None:
        raise UnsupportedError("auth_parameters is known only after the plan is applied")
    parameters: Values = {}
    if one := given.one("basic"):
        parameters["BasicAuthParameters"] = {
            "Username": one.required("username"),
            "Password": one.required("password"),
        }
    if one := given.one("api_key"):
        parameters["ApiKeyAuthParameters"] = {
            "ApiKeyName": one.required("key"),
            "ApiKeyValue": one.required("value"),
        }
    if one := given.one("oauth"):
        client = one.one("client_parameters")
        parameters["OAuthParameters"] = _some(
            AuthorizationEndpoint=one.required("authorization_endpoint"),
            HttpMethod=one.required("http_method"),
            ClientParameters=client
            and {"ClientID": client.required("client_id"), "ClientSecret": client.required("client_secret")},
            OAuthHttpParameters=_http(one.one("oauth_http_parameters")),
        )
    if one := given.one("invocation_http_parameters"):
        parameters["InvocationHttpParameters"] = _http(one)
    return {
        "Name": block.required("name"),
        "Description": block.told("description"),
        "AuthorizationType": block.required("authorization_type"),
        "AuthParameters": parameters,
    }


def _http(block: Block | None) -> Values | None:
    if block is None:
        return None
    names = {"body": "BodyParameters", "header": "HeaderParameters", "query_string": "QueryStringParameters"}
    return {
        member: [
            {
                "Key": one.required("key"),
                "Value": one.required("value"),
                "IsValueSecret": bool(one.get("is_value_secret")),
            }
            for one in found
        ]
        for name, member in names.items()
        if (found := block.many(name))
    }


READ: Mapping[str, tuple[str, Callable[[Block], Values]]] = {
    f"{PREFIX}bus": ("bus", _bus),
    f"{PREFIX}bus_policy": ("whole-policy", _policy),
    f"{PREFIX}permission": ("policy", _permission),
    f"{PREFIX}archive": ("archive", _archive),
    f"{PREFIX}connection": ("connection", _connection),
    f"{PREFIX}api_destination": ("api-destination", _api_destination),
    f"{PREFIX}endpoint": ("endpoint", _endpoint),
}
# What is read above, and what says nothing of EventBridge; of the rest is told that it is not taken over.
_KNOWN: Mapping[str, str] = {
    RULE: "name name_prefix description event_pattern schedule_expression state is_enabled role_arn "
    "event_bus_name force_destroy",
    TARGET: "rule event_bus_name target_id arn role_arn input input_path input_transformer retry_policy "
    "dead_letter_config sqs_target kinesis_target http_target force_destroy",
    f"{PREFIX}bus": "name event_source_name description kms_key_identifier dead_letter_config log_config",
    f"{PREFIX}bus_policy": "event_bus_name policy",
    f"{PREFIX}permission": "event_bus_name statement_id action principal condition",
    f"{PREFIX}archive": "name event_source_arn description event_pattern retention_days kms_key_identifier",
    f"{PREFIX}connection": "name description authorization_type auth_parameters "
    "invocation_connectivity_parameters secret_arn",
    f"{PREFIX}api_destination": "name description connection_arn invocation_endpoint http_method "
    "invocation_rate_limit_per_second",
    f"{PREFIX}endpoint": "name description role_arn routing_config replication_config event_bus endpoint_url",
}
_OF_TERRAFORM = {"id", "arn", "region", "tags", "tags_all", "timeouts"}


def unread(kind: str, block: Block) -> None:
    """Note the arguments that are given and not read."""
    if kind in _KNOWN:
        known = {*_KNOWN[kind].split(), *_OF_TERRAFORM}
        for name, value in block.values.items():
            if name not in known and value not in (None, False, "", [], {}):
                block.note(f"{name} is not taken over")


def _role(block: Block) -> str | None:
    """Return a role's ARN, which is told again and changes nothing."""
    try:
        said = block.get("role_arn")
        return said if said is None or isinstance(said, str) else None
    except UnsupportedError:
        return _told_arn(block, "role_arn")


def _told_arn(block: Block, name: str = "arn") -> str | None:
    try:
        return block.arn(name) if block.values.get(name) is not None or name not in block.values else None
    except UnsupportedError as error:
        block.note(f"{error}: left out")
        return None


def _tags(block: Block) -> list[dict[str, Any]]:
    tags = block.told("tags") or block.told("tags_all") or {}
    if not isinstance(tags, dict):
        raise UnsupportedError(f"tags: wanted an object, found {tags!r:.80}")
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _some(**members: Any) -> Values:
    return {name: value for name, value in members.items() if value is not None}
