"""The operations of EventBridge: all that there are, and what answers each.

An operation is a function from a request, checked against the service's model, and the caller to the answer's
value. It runs in a thread, for it asks the database. Those that change something queue up for one thread:
SQLite takes one writer at a time and lets the others poll, some of them for long. A change is answered once
it is in force, and several may come in force at once. What puts events waits for the journal on the loop
instead, and ``PutEvents`` alone reads its bytes itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as ModelError
from django.db import DatabaseError, IntegrityError, OperationalError, close_old_connections

from eventhub.access.caller import Caller
from eventhub.api.eventbridge import (
    api_destinations,
    archives,
    buses,
    connections,
    endpoints,
    partners,
    policies,
    replays,
    rules,
    tags,
    targets,
    try_pattern,
)
from eventhub.api.eventbridge.errors import AwsError, model_refused
from eventhub.api.eventbridge.model import service
from eventhub.api.eventbridge.partner_events import put_partner_events
from eventhub.api.eventbridge.put_events import put_events
from eventhub.api.eventbridge.validation import validated
from eventhub.domain import jsontext
from eventhub.flow.configure import effect, effect_left_to_caller
from eventhub.models import Door, doing

Operation = Callable[[bytes, Caller], Awaitable[object]]

ANSWERED: Mapping[str, Callable[[dict[str, Any], Caller], dict[str, Any]]] = {
    "ActivateEventSource": partners.activate,
    "CancelReplay": replays.cancel,
    "CreateApiDestination": api_destinations.create,
    "CreateArchive": archives.create,
    "CreateConnection": connections.create,
    "CreateEndpoint": endpoints.create,
    "CreateEventBus": buses.create,
    "CreatePartnerEventSource": partners.create,
    "DeactivateEventSource": partners.deactivate,
    "DeauthorizeConnection": connections.deauthorize,
    "DeleteApiDestination": api_destinations.delete,
    "DeleteArchive": archives.delete,
    "DeleteConnection": connections.delete,
    "DeleteEndpoint": endpoints.delete,
    "DeleteEventBus": buses.delete,
    "DeletePartnerEventSource": partners.delete,
    "DeleteRule": rules.delete,
    "DescribeApiDestination": api_destinations.describe,
    "DescribeArchive": archives.describe,
    "DescribeConnection": connections.describe,
    "DescribeEndpoint": endpoints.describe,
    "DescribeEventBus": buses.describe,
    "DescribeEventSource": partners.describe_shared,
    "DescribePartnerEventSource": partners.describe,
    "DescribeReplay": replays.describe,
    "DescribeRule": rules.describe,
    "DisableRule": partial(rules.switch, enabled=False),
    "EnableRule": partial(rules.switch, enabled=True),
    "ListApiDestinations": api_destinations.list_all,
    "ListArchives": archives.list_all,
    "ListConnections": connections.list_all,
    "ListEndpoints": endpoints.list_all,
    "ListEventBuses": buses.list_all,
    "ListEventSources": partners.list_shared,
    "ListPartnerEventSourceAccounts": partners.list_accounts,
    "ListPartnerEventSources": partners.list_all,
    "ListReplays": replays.list_all,
    "ListRuleNamesByTarget": targets.list_rules,
    "ListRules": rules.list_all,
    "ListTagsForResource": tags.list_all,
    "ListTargetsByRule": targets.list_by_rule,
    "PutPermission": policies.put,
    "PutRule": rules.put,
    "PutTargets": targets.put,
    "RemovePermission": policies.remove,
    "RemoveTargets": targets.remove,
    "StartReplay": replays.start,
    "TagResource": tags.add,
    "TestEventPattern": try_pattern.answer,
    "UntagResource": tags.remove,
    "UpdateApiDestination": api_destinations.update,
    "UpdateArchive": archives.update,
    "UpdateConnection": connections.update,
    "UpdateEndpoint": endpoints.update,
    "UpdateEventBus": buses.update,
}

MEETINGS = 3  # how often a change that another one crossed is begun anew
_READING = ("Describe", "List", "Test")  # how the names of those begin that change nothing
_changes = ThreadPoolExecutor(max_workers=1, thread_name_prefix="eventbridge-change")


def operation(target: str) -> Operation:
    """Return what answers the header ``X-Amz-Target``; raises AwsError if nothing does."""
    service_name, _, name = target.partition(".")
    if service_name != "AWSEvents" or name not in service().inputs:
        raise AwsError(
            "UnknownOperationException",
            f"There is no operation {target[:128]!r}; wanted AWSEvents.<Operation>.",
        )
    if name == "PutEvents":
        return put_events
    if name == "PutPartnerEvents":
        return _put_partner_events
    return partial(_answer, name)


async def _put_partner_events(body: bytes, caller: Caller) -> object:
    return await put_partner_events(_request("PutPartnerEvents", body), caller)


async def _answer(name: str, body: bytes, caller: Caller) -> object:
    if name.startswith(_READING):
        return await asyncio.to_thread(_worked_out, name, body, caller)
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(_changes, _changed, name, body, caller)
    # Behind the changes that queue up by now, so that one reading serves them all.
    await loop.run_in_executor(_changes, effect)
    return answer


def _changed(name: str, body: bytes, caller: Caller) -> dict[str, Any]:
    with effect_left_to_caller(), doing(caller.who, Door.EVENTBRIDGE):
        return _worked_out(name, body, caller)


def _worked_out(name: str, body: bytes, caller: Caller) -> dict[str, Any]:
    request = _request(name, body)
    close_old_connections()
    try:
        for _ in range(MEETINGS):
            try:
                return ANSWERED[name](request, caller)
            except (DatabaseError, ObjectDoesNotExist, ModelError) as error:
                if not _met_another(error):
                    raise
        return ANSWERED[name](request, caller)  # by now it is there, or gone, for us to see
    except ModelError as error:
        raise model_refused(error) from error
    finally:
        close_old_connections()


def _met_another(error: DatabaseError | ObjectDoesNotExist | ModelError) -> bool:
    """Tell whether another process changed in this moment what the request is about."""
    if isinstance(error, (IntegrityError, ObjectDoesNotExist)):
        return True
    if isinstance(error, OperationalError):
        return getattr(error.__cause__, "sqlstate", "") in {"40P01", "40001"}  # a deadlock, or nearly one
    if isinstance(error, DatabaseError):
        return "did not affect any rows" in str(error)  # what was to be saved is gone
    errors = error.error_dict.values() if hasattr(error, "error_dict") else [error.error_list]
    return any(one.code in {"unique", "unique_together"} for many in errors for one in many)


def _request(name: str, body: bytes) -> dict[str, Any]:
    try:
        document = jsontext.decode(body or b"{}")
    except jsontext.JsonTextError as error:
        raise AwsError("SerializationException", f"The body is not JSON: {error}.") from error
    return validated(name, document)
