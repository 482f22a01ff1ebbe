"""What ``aws events`` answers, saved: lists and descriptions, one after the other.

Targets and tags follow the rule (tags also the bus) that they belong to, or name it (``Rule``,
``ResourceARN``), for the answers do not::

    aws events describe-rule --name large > rules.json
    aws events list-targets-by-rule --rule large >> rules.json

Accounts and Regions are those of where it was saved: what is of EventBridge there is taken as ours, by name.
What an answer does not tell stays as it is.
"""

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from eventhub.api.eventbridge.names import bus_arn
from eventhub.api.importing.report import (
    BROKEN,
    ImportRefusedError,
    Remark,
    Report,
    UnsupportedError,
    broken,
)
from eventhub.api.importing.resources import Resource, arn_of_connection
from eventhub.models import DEFAULT_BUS

_NAMED = frozenset({"Name", "Description"})
# By kind: which members of an answer a request has.
_MEMBERS: Mapping[str, frozenset[str]] = {
    "bus": _NAMED | {"KmsKeyIdentifier", "DeadLetterConfig", "LogConfig", "Tags"},
    "archive": frozenset(
        ["ArchiveName", "EventSourceArn", "Description", "EventPattern", "RetentionDays", "KmsKeyIdentifier"]
    ),
    "connection": _NAMED | {"AuthorizationType", "AuthParameters", "InvocationConnectivityParameters"},
    "api-destination": _NAMED
    | {"ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond"},
    "endpoint": _NAMED | {"RoutingConfig", "ReplicationConfig", "EventBuses", "RoleArn"},
    "rule": _NAMED
    | {"EventBusName", "EventPattern", "ScheduleExpression", "State", "RoleArn", "Targets", "Tags"},
}
# What AWS alone knows or says otherwise, and what is read below.
_OF_AWS = frozenset(
    [
        "Arn",
        "CreationTime",
        "LastModifiedTime",
        "CreatedBy",
        "ManagedBy",
        "ArchiveArn",
        "ConnectionArn",
        "ConnectionState",
        "SecretArn",
        "LastAuthorizedTime",
        "ApiDestinationArn",
        "ApiDestinationState",
        "EndpointId",
        "EndpointUrl",
        "State",
        "StateReason",
        "SizeBytes",
        "EventCount",
        "Policy",
        "NextToken",
        "ResponseMetadata",
    ]
)
_LISTS: Mapping[str, str] = {
    "EventBuses": "bus",
    "Archives": "archive",
    "Connections": "connection",
    "ApiDestinations": "api-destination",
    "Endpoints": "endpoint",
    "Rules": "rule",
}
_ARN = re.compile(r"arn:aws[\w-]*:events:(?P<region>[^:]*):(?P<account>[^:]*):(?P<rest>.+)")
Values = dict[str, Any]


def is_one(document: Any) -> bool:
    """Tell whether a document, or one of several, has the look of an answer of ``aws events``."""
    documents = document if isinstance(document, list) else [document]
    return any(
        isinstance(one, dict) and (one.keys() & {*_LISTS, "Targets"} or _described(one)) for one in documents
    )


def read(document: Any, report: Report) -> list[Resource]:
    """Return the resources of saved answers; raises ImportRefusedError for what is none."""
    reading = _Reading(report)
    for place, one in enumerate(document if isinstance(document, list) else [document]):
        where = f"document {place + 1}"
        if not isinstance(one, dict):
            raise ImportRefusedError(f"{where}: wanted an object, found {type(one).__name__}")
        try:
            reading.answer(where, one)
        except ImportRefusedError:
            raise
        except BROKEN as error:
            report.refused.append(broken(where, error))
    return reading.found


class _Reading:
    """The answers as they are read, for later ones belong to earlier ones."""

    def __init__(self, report: Report) -> None:
        self.found: list[Resource] = []
        self._report = report
        self._rules: dict[tuple[str, str], Values] = {}
        self._homes: dict[int, str] = {}  # account and Region of a rule, by the identity of its values
        self._tagged: dict[str, Values] = {}
        self._last_rule: Values | None = None
        self._last: Values | None = None

    def answer(self, where: str, one: Values) -> None:
        """Take one answer."""
        if "NextToken" in one and one["NextToken"] is not None:
            self._leave_out(f"{where}.NextToken", "there is more, which the file does not have")
        described = _described(one)
        if "Name" not in one and not described and "Targets" in one:
            self._targets(where, one)
        elif "Name" not in one and not described and "Tags" in one:
            self._tags(where, one)
        elif described:
            self._thing(described, where, one, is_listed=False)
        elif lists := [(member, kind) for member, kind in _LISTS.items() if member in one]:
            for member, kind in lists:
                if not isinstance(one[member], list):
                    raise ImportRefusedError(f"{where}.{member}: wanted a list")
                for place, said in enumerate(one[member]):
                    self._thing(kind, f"{where}.{member}[{place}]", said, is_listed=True)
        else:
            self._leave_out(where, "it is no answer of `aws events` that can be imported")

    def _thing(self, kind: str, where: str, said: Any, *, is_listed: bool) -> None:
        if not isinstance(said, dict):
            raise ImportRefusedError(f"{where}: wanted an object, found {type(said).__name__}")
        told = {name: value for name, value in said.items() if value is not None}
        kept = {name: value for name, value in told.items() if name in _MEMBERS[kind]}
        for name in sorted(told.keys() - kept.keys() - _OF_AWS):
            self._note(where, f"{name} is not taken over")
        home = _home(said)
        if kind == "rule":
            self._rule(where, told, kept, home)
        elif kind == "bus":
            self._bus(where, told, kept, is_listed=is_listed)
        else:
            if not is_listed and kind == "api-destination":
                kept = {"Description": ""} | kept
            later = _later(_PROPERTIES[kind], kept, home, is_listed)
            self.found.append(Resource(where, kind, later, is_whole=False))
        arn = told.get("Arn")
        if kind in {"bus", "rule"} and isinstance(arn, str):
            self._tagged[arn] = kept if self._last is None else self._last

    def _bus(self, where: str, told: Values, kept: Values, *, is_listed: bool) -> None:
        self._last = kept
        name = kept.get("Name")
        if isinstance(name, str) and name.startswith("aws.partner/"):
            kept["EventSourceName"] = name
        if not is_listed and name != DEFAULT_BUS:
            kept.setdefault("Description", "")
        self.found.append(Resource(where, "bus", lambda: copy.deepcopy(kept), is_whole=False))
        if "Policy" in told:
            policy = {"EventBusName": name, "Policy": told["Policy"]}
            self.found.append(Resource(f"{where}.Policy", "whole-policy", lambda: policy, is_whole=False))

    def _rule(self, where: str, told: Values, kept: Values, home: str) -> None:
        if told.get("ManagedBy"):
            self._note(where, f"it is managed by {told['ManagedBy']!s:.80} where it was saved")
        bus = kept.get("EventBusName", _bus_of_rule(told.get("Arn")))
        kept["EventBusName"] = bus = _name(bus) if isinstance(bus, str) else bus
        named = (str(bus), str(kept.get("Name")))
        if named in self._rules:  # listed, and described
            self._rules[named].update(kept)
            kept = self._rules[named]
        else:
            self._rules[named] = kept
            self.found.append(Resource(where, "rule", lambda: copy.deepcopy(kept), is_whole=False))
        self._homes[id(kept)] = home
        self._last_rule = self._last = kept

    def _targets(self, where: str, one: Values) -> None:
        named = (_name(str(one.get("EventBusName", DEFAULT_BUS))), str(one.get("Rule", "")))
        rule = self._rules.get(named) if "Rule" in one else self._last_rule
        if rule is None:
            self._leave_out(f"{where}.Targets", "no rule stands before them, and none is named")
            return
        if not isinstance(one["Targets"], list):
            raise ImportRefusedError(f"{where}.Targets: wanted a list")
        home = self._homes[id(rule)]
        rule.setdefault("Targets", []).extend(_of_here(target, home) for target in one["Targets"])

    def _tags(self, where: str, one: Values) -> None:
        arn = one.get("ResourceARN")
        of = self._tagged.get(str(arn)) if arn is not None else self._last
        if of is None:
            self._leave_out(f"{where}.Tags", "no rule or bus stands before them, and none is named")
        else:
            of["Tags"] = one["Tags"]

    def _leave_out(self, where: str, why: str) -> None:
        self._report.unsupported.append(Remark(where, why))

    def _note(self, where: str, text: str) -> None:
        self._report.notes.append(Remark(where, text))


def _described(one: Values) -> str:
    """Return what a description is of, by its ARN; empty if that is unclear."""
    for member, kind in (
        ("ArchiveArn", "archive"),
        ("ApiDestinationArn", "api-destination"),
        ("ConnectionArn", "connection"),
    ):
        if member in one:
            return kind
    found = _ARN.fullmatch(str(one.get("Arn", "")))
    what = found["rest"].partition("/")[0] if found else ""
    return {"rule": "rule", "event-bus": "bus", "endpoint": "endpoint"}.get(what, "")


def _later(
    of: Callable[[Values, str, bool], Values], kept: Values, home: str, is_listed: bool
) -> Callable[[], Values]:
    return lambda: of(copy.deepcopy(kept), home, is_listed)


def _archive(said: Values, _home: str, is_listed: bool) -> Values:
    if is_listed:
        raise UnsupportedError(
            "EventPattern: wanted the description of an archive, found a list's member, which has none"
        )
    return said | {"EventSourceArn": bus_arn(_name(str(said.get("EventSourceArn"))))}


def _connection(said: Values, _home: str, _is_listed: bool) -> Values:
    if "AuthParameters" not in said:
        raise UnsupportedError(
            "AuthParameters: wanted the description of a connection, found a list's member"
        )
    return {"Description": ""} | said


def _api_destination(said: Values, _home: str, _is_listed: bool) -> Values:
    arn = str(said.get("ConnectionArn"))
    name = arn.partition(":connection/")[2].partition("/")[0] or arn
    return said | {"ConnectionArn": arn_of_connection(name)}


def _endpoint(said: Values, home: str, _is_listed: bool) -> Values:
    buses = said.get("EventBuses")
    for one in buses if isinstance(buses, list) else []:
        arn = one.get("EventBusArn") if isinstance(one, dict) else None
        found = _ARN.fullmatch(arn) if isinstance(arn, str) else None
        if found and f"{found['region']}:{found['account']}" == home:
            one["EventBusArn"] = bus_arn(_name(found[0]))
        elif found and found["region"] == settings.REGION:
            raise UnsupportedError(
                f"{arn}: wanted a bus of another Region than this installation's, {settings.REGION}"
            )
    return said


_PROPERTIES: Mapping[str, Callable[[Values, str, bool], Values]] = {
    "archive": _archive,
    "connection": _connection,
    "api-destination": _api_destination,
    "endpoint": _endpoint,
}


def _home(said: Values) -> str:
    """Return the Region and account in the ARN of what is told."""
    found = _ARN.fullmatch(str(said.get("Arn", "")))
    return f"{found['region']}:{found['account']}" if found else ""


def _of_here(target: Any, home: str) -> Any:
    """Return a target whose ARN, if it is of EventBridge where its rule is from, is one of ours."""
    arn = target.get("Arn") if isinstance(target, dict) else None
    found = _ARN.fullmatch(arn) if isinstance(arn, str) else None
    if found is None or f"{found['region']}:{found['account']}" != home:
        return target
    return target | {"Arn": f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:{found['rest']}"}


def _name(name_or_arn: str) -> str:
    return name_or_arn.partition(":event-bus/")[2] or name_or_arn


def _bus_of_rule(arn: Any) -> str:
    """Return the bus in a rule's ARN, which has none for the default bus."""
    found = _ARN.fullmatch(arn) if isinstance(arn, str) else None
    return (found["rest"].partition("/")[2].rpartition("/")[0] if found else "") or DEFAULT_BUS
