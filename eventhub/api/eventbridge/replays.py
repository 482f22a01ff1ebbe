"""Replays: start, describe, cancel, list."""

from typing import Any

from django.conf import settings

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.archives import archive_arn
from eventhub.api.eventbridge.errors import AwsError, denied, over_quota
from eventhub.api.eventbridge.names import bus_arn, bus_of, prefixed, rule_arn
from eventhub.api.eventbridge.paging import page
from eventhub.flow.archives import ReplayExistsError, cancel_replay, replay_of, replays, start_replay
from eventhub.flow.process import parts
from eventhub.journal.port import Replay
from eventhub.journal.rows import ReplayRow
from eventhub.models import Archive, Rule


def replay_arn(name: str) -> str:
    """Return a replay's ARN."""
    return f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:replay/{name}"


def start(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer StartReplay: to the archive's own bus, and there to the rules of FilterArns, or to all."""
    name, destination = request["ReplayName"], request["Destination"]
    _, is_archive, archive_name = request["EventSourceArn"].partition(archive_arn(""))
    if not is_archive:
        raise _invalid("EventSourceArn", "Must contain an archive ARN.")
    if ":event-bus/" not in destination["Arn"]:
        raise _invalid("Destination.Arn", "Must contain an event bus ARN.")
    archive = Archive.objects.select_related("bus").filter(name=archive_name).first()
    if not caller.may(Scope.RULES_WRITE, archive.bus_id if archive else None):
        raise denied(caller, "StartReplay", request["EventSourceArn"])
    if archive is None:
        raise _invalid("EventSourceArn", f"Archive {archive_name} does not exist.")
    if bus_of(destination["Arn"]) != archive.bus.name:
        raise _invalid("Destination.Arn", "Cross event bus replay is not permitted.")
    since, until = (int(request[name] * 1_000_000) for name in ("EventStartTime", "EventEndTime"))
    if since >= until:
        raise _invalid("EventEndTime", "EventStartTime must be before EventEndTime.")
    arns = destination.get("FilterArns", [])
    if len(parts().journal.replays_under_way()) >= settings.MAX_REPLAYS:
        raise over_quota()
    try:
        made = start_replay(
            parts().journal,
            archive,
            name=name,
            since=since,
            until=until,
            who=caller.who,
            rules=_rules(archive, arns),
            filter_arns=arns,
            description=request.get("Description", ""),
        )
    except ReplayExistsError as error:
        raise AwsError("ResourceAlreadyExistsException", f"Replay {name} already exists.") from error
    return {
        "ReplayArn": replay_arn(name),
        "State": made.state.upper(),
        "ReplayStartTime": _seconds(made.order.made_at),
    }


def describe(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribeReplay, with its progress."""
    replay = _find(request["ReplayName"], caller, Scope.RULES_READ, "DescribeReplay")
    order = replay.order
    filtered = {"FilterArns": list(order.filter_arns)} if order.filter_arns else {}
    shown = _listed(replay) | {
        "ReplayArn": replay_arn(order.name),
        "Destination": {"Arn": bus_arn(order.bus)} | filtered,
    }
    return shown | ({"Description": order.description} if order.description else {})


def cancel(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer CancelReplay: what was put stays, and the state follows within a second."""
    name = request["ReplayName"]
    replay = _find(name, caller, Scope.RULES_WRITE, "CancelReplay")
    if not cancel_replay(parts().journal, replay):
        raise AwsError("IllegalStatusException", f"Replay {name} is not in a valid state for this operation.")
    return {"ReplayArn": replay_arn(name), "State": "CANCELLING"}


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListReplays by prefix, archive or state."""
    if not caller.may(Scope.RULES_READ):
        raise denied(caller, "ListReplays", replay_arn("*"))
    if sum(name in request for name in ("NamePrefix", "EventSourceArn", "State")) > 1:
        raise AwsError(
            "ValidationException",
            "At most one filter is allowed for ListReplays. "
            "Use either : State, EventSourceArn, or NamePrefix.",
        )
    rows = prefixed(replays(), request.get("NamePrefix"))
    if caller.bus_ids is not None:
        rows = rows.filter(bus_id__in=caller.bus_ids)
    if "EventSourceArn" in request:
        rows = rows.filter(archive=request["EventSourceArn"].partition(archive_arn(""))[2])
    if "State" in request:
        rows = rows.filter(state=request["State"].lower())

    def shown(row: ReplayRow) -> dict[str, Any]:
        return _listed(replay_of(row))

    return page(request, rows, of="replays", shown=shown, member="Replays")


def _find(name: str, caller: Caller, scope: Scope, action: str) -> Replay:
    row = ReplayRow.objects.filter(name=name).first()
    if not caller.may(scope, row.bus_id if row else None):
        raise denied(caller, action, replay_arn(name))
    if row is None:
        raise AwsError("ResourceNotFoundException", f"Replay {name} does not exist.")
    return replay_of(row)


def _rules(archive: Archive, arns: list[str]) -> list[Rule]:
    """Return the rules of FilterArns; each must be one of the archive's bus."""
    prefix = rule_arn(archive.bus.name, "")
    found = []
    for arn in arns:
        _, is_ours, name = arn.partition(prefix)
        rule = Rule.objects.filter(bus=archive.bus, name=name).first() if is_ours else None
        if rule is None:
            raise _invalid("Destination.FilterArns", f"Rule {arn} does not exist on {archive.bus.name}.")
        found.append(rule)
    return found


def _invalid(parameter: str, reason: str) -> AwsError:
    return AwsError("ValidationException", f"Parameter {parameter} is not valid. Reason: {reason}")


def _listed(replay: Replay) -> dict[str, Any]:
    order = replay.order
    moments = {"EventLastReplayedTime": replay.last_at, "ReplayEndTime": replay.ended_at}
    shown = {
        "ReplayName": order.name,
        "EventSourceArn": archive_arn(order.archive),
        "State": replay.state.upper(),
        "EventStartTime": _seconds(order.since),
        "EventEndTime": _seconds(order.until),
        "ReplayStartTime": _seconds(order.made_at),
        **{name: _seconds(at) for name, at in moments.items() if at is not None},
    }
    return shown | ({"StateReason": replay.reason} if replay.reason else {})


def _seconds(moment: int) -> int:
    return moment // 1_000_000
