"""Resources of EventBridge, from whatever text they come, made by EventBridge's own operations.

Each says its properties only when its turn comes, because they may refer to what was made before it: a
destination to the ARN of its connection.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as ModelError
from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.api.eventbridge.connections import connection_arn
from eventhub.api.eventbridge.errors import AwsError, model_refused
from eventhub.api.eventbridge.names import bus_arn, bus_of, rule_arn
from eventhub.api.eventbridge.operations import ANSWERED
from eventhub.api.eventbridge.validation import validated
from eventhub.api.importing.report import (
    BROKEN,
    ImportRefusedError,
    Remark,
    Report,
    UnsupportedError,
    broken,
)
from eventhub.api.importing.untold import without_secrets
from eventhub.domain import jsontext
from eventhub.models import DEFAULT_BUS, ApiDestination, Archive, Bus, Connection, GlobalEndpoint, Rule


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource: where it stands, one of ``ORDER``, and how to get its properties, as the API names them.

    ``properties`` raises UnsupportedError. Of a rule they include ``Targets`` and ``Tags``. ``is_whole`` says
    that what they leave out is none, and not merely untold: what is there of it goes.
    """

    where: str
    kind: str
    properties: Callable[[], dict[str, Any]]
    is_whole: bool = True


# In which they are made: what is referred to, first; a whole policy before statements that are added to it.
ORDER = ("bus", "connection", "api-destination", "archive", "endpoint", "rule", "whole-policy", "policy")
_EVENTS_ARN = re.compile(r"arn:aws[\w-]*:events:[^:]*:[^:]*:(.*)")


class Maker:
    """Makes resources for one caller, and tells what came of each."""

    def __init__(self, caller: Caller, report: Report) -> None:
        self._caller = caller
        self._report = report
        self._rules: set[int] = set()
        self._buses: set[int] = set()
        self._where = ""

    def make(self, resources: list[Resource]) -> None:
        """Make them all; call it in a transaction."""
        for resource in sorted(resources, key=lambda one: ORDER.index(one.kind)):
            self._where = resource.where
            try:
                with transaction.atomic():
                    _MADE[resource.kind](self, resource, resource.properties())
            except UnsupportedError as error:
                self._leave_out(resource, str(error))
            except AwsError as error:
                if error.code == "ResourceNotFoundException":  # what it belongs to is not here
                    self._leave_out(resource, error.message)
                else:
                    self._refuse(resource, error.message)
            except ModelError as error:
                self._refuse(resource, model_refused(error).message)
            except ImportRefusedError as error:
                raise ImportRefusedError(f"{resource.where}: {error}") from error
            except BROKEN as error:
                self._report.refused.append(broken(resource.where, error))

    def _leave_out(self, resource: Resource, why: str) -> None:
        self._report.unsupported.append(Remark(resource.where, why))

    def _refuse(self, resource: Resource, why: str) -> None:
        self._report.refused.append(Remark(resource.where, why))

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
        known = validated(operation, document)
        for path in _dropped(document, known, ""):
            self._report.notes.append(Remark(self._where, f"{path} is none of EventBridge's: passed over"))
        return ANSWERED[operation](known, self._caller)

    def _bus(self, resource: Resource, said: dict[str, Any]) -> None:
        tags = said.pop("Tags", None)
        bus = Bus.objects.filter(name=said["Name"]).first() if _is_text(said.get("Name")) else None
        if bus is None:
            self._call("CreateEventBus", said | {"Tags": tags or []})
            return
        if resource.is_whole and bus.told:  # an update keeps what it does not say
            bus.told = {}
            bus.save(update_fields=["told", "updated_at"])
        self._call("UpdateEventBus", ({"Description": ""} if resource.is_whole else {}) | said)
        self._tag(bus_arn(bus.name), tags, resource)

    def _connection(self, resource: Resource, said: dict[str, Any]) -> None:
        given = said.get("AuthParameters")
        for place in (said, given if isinstance(given, dict) else {}):
            for member in ("InvocationConnectivityParameters", "ConnectivityParameters"):
                if place.get(member):
                    raise UnsupportedError(f"{member}: there are no private networks of AWS here")
        there = Connection.objects.filter(name=said["Name"]).first() if _is_text(said.get("Name")) else None
        missing = [] if resource.is_whole else without_secrets(said, there)
        if there is None:
            self._call("CreateConnection", said)
        else:
            self._call("UpdateConnection", _all_of_connection(said))
        if missing:
            self._call("DeauthorizeConnection", {"Name": said["Name"]})
            why = f"nobody tells {', '.join(missing)}: it is not authorised, and its deliveries wait for them"
            self._report.notes.append(Remark(resource.where, why))

    def _api_destination(self, resource: Resource, said: dict[str, Any]) -> None:
        is_there = ApiDestination.objects.filter(name=str(said.get("Name", ""))).exists()
        if is_there and resource.is_whole:
            rate = ApiDestination._meta.get_field("rate_per_second").get_default()
            said = {"Description": "", "InvocationRateLimitPerSecond": rate} | said
        self._call("UpdateApiDestination" if is_there else "CreateApiDestination", said)

    def _archive(self, resource: Resource, said: dict[str, Any]) -> None:
        archive = Archive.objects.select_related("bus").filter(name=str(said.get("ArchiveName", ""))).first()
        if archive is None:
            self._call("CreateArchive", said)
            return
        if bus_of(str(said.get("EventSourceArn", ""))) != archive.bus.name:
            raise UnsupportedError(f"archive {archive.name} keeps bus {archive.bus}: delete it first")
        if archive.told:
            archive.told = {}
            archive.save(update_fields=["told", "updated_at"])
        said = {"Description": "", "EventPattern": "", "RetentionDays": 0} | said
        self._call("UpdateArchive", {key: value for key, value in said.items() if key != "EventSourceArn"})

    def _endpoint(self, resource: Resource, said: dict[str, Any]) -> None:
        there = GlobalEndpoint.objects.filter(name=str(said.get("Name", ""))).first()
        if there is not None and there.role and "RoleArn" not in said:
            there.role = ""
            there.save(update_fields=["role", "updated_at"])
        rest = {"Description": "", "ReplicationConfig": {"State": "ENABLED"}} if there else {}
        self._call("UpdateEndpoint" if there else "CreateEndpoint", rest | said)

    def _rule(self, resource: Resource, said: dict[str, Any]) -> None:
        targets, tags = said.pop("Targets", None), said.pop("Tags", None)
        if targets is None and resource.is_whole:
            targets = []
        self._call("PutRule", said)
        bus = Bus.objects.get(name=bus_of(said.get("EventBusName") or DEFAULT_BUS))
        rule = Rule.objects.get(bus=bus, name=said["Name"])
        if rule.pk in self._rules:
            raise UnsupportedError(f"there is another rule {rule.name} of bus {bus.name} before it")
        self._rules.add(rule.pk)
        self._buses.add(bus.pk)
        self._tag(rule_arn(bus.name, rule.name), tags, resource)
        if targets is not None:
            self._targets(resource, rule, targets)

    def _targets(self, resource: Resource, rule: Rule, targets: Any) -> None:
        named = {"Rule": rule.name, "EventBusName": rule.bus.name}
        request = named | {"Targets": targets}
        if targets:
            targets = validated("PutTargets", jsontext.decode(json.dumps(request).encode()))["Targets"]
        gone = set(rule.links.values_list("identifier", flat=True)) - {one["Id"] for one in targets}
        if gone:
            self._call("RemoveTargets", named | {"Ids": sorted(gone)})
        if targets:
            for failed in self._call("PutTargets", request)["FailedEntries"]:
                place = f"{resource.where}, target {failed['TargetId']}"
                self._report.unsupported.append(Remark(place, failed["ErrorMessage"]))

    def _policy(self, resource: Resource, said: dict[str, Any]) -> None:
        if "Policy" in said or "Statement" not in said:
            if "Policy" in said:
                said = said | {"Policy": self._of_here(resource, said["Policy"])}
            self._call("PutPermission", said)
            return
        name, sid = said.get("EventBusName", DEFAULT_BUS), said.get("StatementId")
        statement = said["Statement"]
        if not _is_text(name) or not _is_text(sid) or not isinstance(statement, dict):
            raise UnsupportedError("wanted EventBusName and StatementId as texts, and Statement as an object")
        bus = Bus.objects.filter(name=bus_of(name)).first()
        others = [one for one in (bus.policy if bus else []) if one.get("Sid") != sid]
        policy = json.dumps({"Version": "2012-10-17", "Statement": [*others, {"Sid": sid} | statement]})
        self._call("PutPermission", {"EventBusName": name, "Policy": policy})

    def _of_here(self, resource: Resource, policy: Any) -> Any:
        """Return a policy's text with its buses and rules as those of this installation, which is noted."""
        try:
            said = json.loads(policy)
        except (RecursionError, TypeError, ValueError):
            return policy  # the operation says so
        if not isinstance(said, dict):
            wrong = f"Parameter Policy is not valid. Reason: wanted an object, found {policy:.80}."
            raise AwsError("ValidationException", wrong)
        statements = said.get("Statement")
        for one in statements if isinstance(statements, list) else [statements]:
            if not isinstance(one, dict) or "Resource" not in one:
                continue
            found = one["Resource"]
            one["Resource"] = [_here(text) for text in found] if isinstance(found, list) else _here(found)
            if one["Resource"] != found:
                why = f"Resource {found} is of another account or Region: took {one['Resource']}"
                self._report.notes.append(Remark(resource.where, why))
        return json.dumps(said)

    def _tag(self, arn: str, tags: Any, resource: Resource) -> None:
        if tags is None and not resource.is_whole:
            return
        if tags:
            document = jsontext.decode(json.dumps({"ResourceARN": arn, "Tags": tags}).encode())
            tags = validated("TagResource", document)["Tags"]
        there = {one["Key"] for one in self._call("ListTagsForResource", {"ResourceARN": arn})["Tags"]}
        if gone := there - {one["Key"] for one in tags or []}:
            self._call("UntagResource", {"ResourceARN": arn, "TagKeys": sorted(gone)})
        if tags:
            self._call("TagResource", {"ResourceARN": arn, "Tags": tags})


_MADE: Mapping[str, Callable[[Maker, Resource, dict[str, Any]], None]] = {
    "bus": Maker._bus,
    "connection": Maker._connection,
    "api-destination": Maker._api_destination,
    "archive": Maker._archive,
    "endpoint": Maker._endpoint,
    "rule": Maker._rule,
    "whole-policy": Maker._policy,
    "policy": Maker._policy,
}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _dropped(given: Any, kept: Any, path: str) -> Iterator[str]:
    """Yield the members that the service's model does not know."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for name, value in given.items():
            if name in kept:
                yield from _dropped(value, kept[name], f"{path}{name}.")
            elif value is not None:
                yield f"{path}{name}"
    elif isinstance(given, list) and isinstance(kept, list):
        for place, (one, other) in enumerate(zip(given, kept, strict=True)):
            yield from _dropped(one, other, f"{path.removesuffix('.')}[{place}].")


def _here(text: Any) -> Any:
    found = _EVENTS_ARN.fullmatch(text) if isinstance(text, str) else None
    return f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:{found[1]}" if found else text


def _all_of_connection(said: dict[str, Any]) -> dict[str, Any]:
    """Return an update that takes away what it does not say: HTTP parameters, and the description."""
    given = said.get("AuthParameters")
    if not isinstance(given, dict):
        return {"Description": ""} | said
    given = {"InvocationHttpParameters": {}, **given}
    if isinstance(given.get("OAuthParameters"), dict):
        given["OAuthParameters"] = {"OAuthHttpParameters": {}, **given["OAuthParameters"]}
    return {"Description": ""} | said | {"AuthParameters": given}


def arn_of_connection(name: str) -> str:
    """Return the ARN of a connection that is there; raises UnsupportedError."""
    connection = Connection.objects.filter(name=name).first()
    if connection is None:
        raise UnsupportedError(f"there is no connection named {name}")
    return connection_arn(connection)


def as_text(value: Any) -> Any:
    """Return a pattern or an input that is given as a value as its text; a text stays what it is."""
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)
