"""Resources of EventBridge, from whatever text they come, made by EventBridge's own operations.

Each says its properties only when its turn comes, because they may refer to what was made before it: a
destination to the ARN of its connection.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError as ModelError
from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.api.eventbridge.connections import connection_arn
from eventhub.api.eventbridge.errors import AwsError, model_refused
from eventhub.api.eventbridge.names import bus_arn, bus_of, rule_arn
from eventhub.api.eventbridge.operations import ANSWERED
from eventhub.api.eventbridge.validation import validated
from eventhub.api.importing.report import Remark, Report
from eventhub.domain import jsontext
from eventhub.models import DEFAULT_BUS, ApiDestination, Archive, Bus, Connection, Rule


class UnsupportedError(ValueError):
    """A resource that cannot be taken over; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource: where it stands, one of ``ORDER``, and how to get its properties, as the API names them.

    ``properties`` raises UnsupportedError. Of a rule they include ``Targets`` and ``Tags``.
    """

    where: str
    kind: str
    properties: Callable[[], dict[str, Any]]


# In which they are made: what is referred to, first.
ORDER = ("bus", "connection", "api-destination", "archive", "endpoint", "rule", "policy")


class Maker:
    """Makes resources for one caller, and tells what came of each."""

    def __init__(self, caller: Caller, report: Report) -> None:
        self._caller = caller
        self._report = report
        self._rules: set[int] = set()
        self._buses: set[int] = set()

    def make(self, resources: list[Resource]) -> None:
        """Make them all; call it in a transaction."""
        for resource in sorted(resources, key=lambda one: ORDER.index(one.kind)):
            try:
                with transaction.atomic():
                    _MADE[resource.kind](self, resource.where, resource.properties())
            except UnsupportedError as error:
                self._report.unsupported.append(Remark(resource.where, str(error)))
            except AwsError as error:
                self._report.refused.append(Remark(resource.where, error.message))
            except ModelError as error:
                self._report.refused.append(Remark(resource.where, model_refused(error).message))

    def prune(self) -> None:
        """Delete the rules that were not made, of the buses that any was made on, unless any was left out."""
        if self._report.unsupported:  # one of them may be a rule that is there
            self._report.notes.append(Remark("prune", "nothing is removed while anything is left out"))
            return
        for rule in Rule.objects.filter(bus_id__in=self._buses).exclude(pk__in=self._rules):
            rule.delete()

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        # As it would come over the wire: numbers and texts are checked as there.
        document = jsontext.decode(json.dumps(request).encode())
        return ANSWERED[operation](validated(operation, document), self._caller)

    def _bus(self, _where: str, said: dict[str, Any]) -> None:
        name, tags = said.get("Name", ""), said.get("Tags", [])
        if Bus.objects.filter(name=name).exists():
            self._call("UpdateEventBus", {key: value for key, value in said.items() if key != "Tags"})
            self._tag(bus_arn(name), tags)
        else:
            self._call("CreateEventBus", said)

    def _connection(self, where: str, said: dict[str, Any]) -> None:
        is_there = Connection.objects.filter(name=said.get("Name", "")).exists()
        self._call("UpdateConnection" if is_there else "CreateConnection", said)

    def _api_destination(self, _where: str, said: dict[str, Any]) -> None:
        is_there = ApiDestination.objects.filter(name=said.get("Name", "")).exists()
        self._call("UpdateApiDestination" if is_there else "CreateApiDestination", said)

    def _archive(self, where: str, said: dict[str, Any]) -> None:
        archive = Archive.objects.select_related("bus").filter(name=said.get("ArchiveName", "")).first()
        if archive is None:
            self._call("CreateArchive", said)
            return
        if bus_of(said.get("EventSourceArn", "")) != archive.bus.name:
            raise UnsupportedError(f"archive {archive.name} keeps bus {archive.bus}: delete it first")
        said = {"Description": "", "EventPattern": "", "RetentionDays": 0} | said
        self._call("UpdateArchive", {key: value for key, value in said.items() if key != "EventSourceArn"})

    def _endpoint(self, where: str, said: dict[str, Any]) -> None:
        if "CreateEndpoint" not in ANSWERED:
            raise UnsupportedError("global endpoints are not answered by this version")
        listed = self._call("ListEndpoints", {"NamePrefix": said.get("Name", "")})["Endpoints"]
        is_there = any(one["Name"] == said.get("Name") for one in listed)
        self._call("UpdateEndpoint" if is_there else "CreateEndpoint", said)

    def _rule(self, where: str, said: dict[str, Any]) -> None:
        targets, tags = said.pop("Targets", []), said.pop("Tags", [])
        self._call("PutRule", said)
        bus = Bus.objects.get(name=bus_of(said.get("EventBusName", DEFAULT_BUS)))
        rule = Rule.objects.get(bus=bus, name=said["Name"])
        self._rules.add(rule.pk)
        self._buses.add(bus.pk)
        self._tag(rule_arn(bus.name, rule.name), tags)
        named = {"Rule": rule.name, "EventBusName": bus.name}
        gone = set(rule.links.values_list("identifier", flat=True)) - {one.get("Id") for one in targets}
        if gone:
            self._call("RemoveTargets", named | {"Ids": sorted(gone)})
        if targets:
            for failed in self._call("PutTargets", named | {"Targets": targets})["FailedEntries"]:
                place = f"{where}, target {failed['TargetId']}"
                self._report.unsupported.append(Remark(place, failed["ErrorMessage"]))

    def _policy(self, where: str, said: dict[str, Any]) -> None:
        if "Policy" in said or "Statement" not in said:
            self._call("PutPermission", said)
            return
        bus = Bus.objects.filter(name=bus_of(said.get("EventBusName", DEFAULT_BUS))).first()
        others = [one for one in (bus.policy if bus else []) if one.get("Sid") != said["StatementId"]]
        statement = {"Sid": said["StatementId"]} | said["Statement"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": [*others, statement]})
        self._call("PutPermission", {"EventBusName": said.get("EventBusName", DEFAULT_BUS), "Policy": policy})

    def _tag(self, arn: str, tags: list[dict[str, str]]) -> None:
        there = {one["Key"] for one in self._call("ListTagsForResource", {"ResourceARN": arn})["Tags"]}
        if gone := there - {one.get("Key") for one in tags}:
            self._call("UntagResource", {"ResourceARN": arn, "TagKeys": sorted(gone)})
        if tags:
            self._call("TagResource", {"ResourceARN": arn, "Tags": tags})


_MADE: Mapping[str, Callable[[Maker, str, dict[str, Any]], None]] = {
    "bus": Maker._bus,
    "connection": Maker._connection,
    "api-destination": Maker._api_destination,
    "archive": Maker._archive,
    "endpoint": Maker._endpoint,
    "rule": Maker._rule,
    "policy": Maker._policy,
}


def arn_of_connection(name: str) -> str:
    """Return the ARN of a connection that is there; raises UnsupportedError."""
    connection = Connection.objects.filter(name=name).first()
    if connection is None:
        raise UnsupportedError(f"there is no connection named {name}")
    return connection_arn(connection)


def as_text(value: Any) -> Any:
    """Return a pattern or an input that is given as a value as its text; a text stays what it is."""
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
