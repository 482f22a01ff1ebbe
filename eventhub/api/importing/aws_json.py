"""What ``aws events`` answers, saved: lists and descriptions of buses, rules, archives and connections.

Targets follow the rule that they belong to, or name it (``Rule``): ``list-targets-by-rule`` does not::

    aws events describe-rule --name large > rules.json
    aws events list-targets-by-rule --rule large >> rules.json
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from eventhub.api.eventbridge.names import bus_arn
from eventhub.api.importing.report import ImportRefusedError, Remark, Report, UnsupportedError
from eventhub.api.importing.resources import Resource, arn_of_connection
from eventhub.models import DEFAULT_BUS

# By the member that names the list: its kind, and which members a request has.
_LISTS: Mapping[str, tuple[str, frozenset[str]]] = {
    "EventBuses": ("bus", frozenset({"Name", "Description"})),
    "Archives": (
        "archive",
        frozenset({"ArchiveName", "EventSourceArn", "Description", "EventPattern", "RetentionDays"}),
    ),
    "Connections": ("connection", frozenset({"Name", "Description", "AuthorizationType", "AuthParameters"})),
    "ApiDestinations": (
        "api-destination",
        frozenset(
            {
                "Name",
                "Description",
                "ConnectionArn",
                "InvocationEndpoint",
                "HttpMethod",
                "InvocationRateLimitPerSecond",
            }
        ),
    ),
    "Rules": (
        "rule",
        frozenset(
            {
                "Name",
                "Description",
                "EventBusName",
                "EventPattern",
                "ScheduleExpression",
                "State",
                "RoleArn",
                "Targets",
                "Tags",
            }
        ),
    ),
}
_MEMBERS = dict(_LISTS.values())


def is_one(document: Any) -> bool:
    """Tell whether a document, or one of several, has the look of an answer of ``aws events``."""
    documents = document if isinstance(document, list) else [document]
    return any(
        isinstance(one, dict) and (one.keys() & {*_LISTS, "Targets"} or _described(one)) for one in documents
    )


def read(document: Any, report: Report) -> list[Resource]:
    """Return the resources of saved answers; raises ImportRefusedError for what is none."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    rules: dict[tuple[str, str], dict[str, Any]] = {}
    last: dict[str, Any] | None = None
    for place, one in enumerate(document if isinstance(document, list) else [document]):
        where = f"document {place + 1}"
        if not isinstance(one, dict):
            raise ImportRefusedError(f"{where}: wanted an object, found {type(one).__name__}")
        if "Targets" in one and "Name" not in one:
            named = (str(one.get("EventBusName", DEFAULT_BUS)), str(one.get("Rule", "")))
            rule = rules.get(named) if "Rule" in one else last
            if rule is None:
                report.unsupported.append(
                    Remark(f"{where}.Targets", "no rule stands before them, and none is named")
                )
            else:
                rule.setdefault("Targets", []).extend(one["Targets"])
            continue
        for kind, at, said in _things(one, where):
            if not isinstance(said, dict):
                raise ImportRefusedError(f"{at}: wanted an object, found {type(said).__name__}")
            kept = {
                name: value for name, value in said.items() if name in _MEMBERS[kind] and value is not None
            }
            if kind == "rule":
                last = rules[str(kept.get("EventBusName", DEFAULT_BUS)), str(kept.get("Name", ""))] = kept
            if kind == "bus" and kept.get("Name") == DEFAULT_BUS:
                continue
            found.append((kind, at, kept))
            if policy := said.get("Policy"):
                found.append(("policy", f"{at}.Policy", {"EventBusName": kept.get("Name"), "Policy": policy}))
    return [Resource(at, kind, _later(kind, kept)) for kind, at, kept in found]


def _things(one: dict[str, Any], where: str) -> Iterator[tuple[str, str, Any]]:
    """Yield what a document tells of: a list's members, or the one that it describes."""
    is_list = False
    for member, (kind, _) in _LISTS.items():
        if member in one:
            is_list = True
            if not isinstance(one[member], list):
                raise ImportRefusedError(f"{where}.{member}: wanted a list")
            for place, said in enumerate(one[member]):
                yield kind, f"{where}.{member}[{place}]", said
    if not is_list:
        kind_of_one = _described(one)
        if not kind_of_one:
            raise ImportRefusedError(f"{where}: it is no answer of `aws events` that can be imported")
        yield kind_of_one, where, one


def _described(one: dict[str, Any]) -> str:
    """Return what a description is of, by its ARN; empty if that is unclear."""
    for member, kind in (
        ("ArchiveArn", "archive"),
        ("ConnectionArn", "connection"),
        ("ApiDestinationArn", "api-destination"),
    ):
        if member in one and not (member == "ConnectionArn" and "InvocationEndpoint" in one):
            return kind
    arn = str(one.get("Arn", ""))
    return "rule" if ":rule/" in arn else "bus" if ":event-bus/" in arn else ""


def _later(kind: str, kept: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    def properties() -> dict[str, Any]:
        said = dict(kept)
        # Accounts and regions are those of where it was saved: here the names count.
        if kind == "archive":
            said["EventSourceArn"] = bus_arn(_last(said.get("EventSourceArn")))
        if kind == "rule" and "EventBusName" in said:
            said["EventBusName"] = _last(said["EventBusName"])
        if kind == "api-destination":
            said["ConnectionArn"] = arn_of_connection(_connection(said.get("ConnectionArn")))
        if kind == "connection" and "AuthParameters" not in said:
            raise UnsupportedError(
                "AuthParameters: wanted the description of a connection, found a list's member"
            )
        return said

    return properties


def _last(name_or_arn: Any) -> str:
    return str(name_or_arn).partition(":event-bus/")[2] or str(name_or_arn)


def _connection(arn: Any) -> str:
    return str(arn).partition(":connection/")[2].partition("/")[0] or str(arn)
