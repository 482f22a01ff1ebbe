"""PutEvents: up to ten entries, each answered for itself."""

import asyncio
import re
from typing import Any

import msgspec
from django.conf import settings
from django.db import close_old_connections

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError, denied, failed_entry
from eventhub.api.eventbridge.names import bus_arn, bus_of
from eventhub.api.eventbridge.validation import END_OF_TIME, validated
from eventhub.domain import jsontext
from eventhub.domain.entry import TRACE_HEADER, Entry, Rejected, entry_bytes
from eventhub.flow.process import parts
from eventhub.journal.port import UNKNOWN_BUS, Appended
from eventhub.models import DEFAULT_BUS, GlobalEndpoint

MAX_ENTRIES = 10
MAX_BUS_NAME = 1600
MAX_TRACE_HEADER = 500
MAX_ENDPOINT_ID = 50
BUS_PATTERN = r"(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus\/)?[/\.\-_A-Za-z0-9]+"

ENDPOINT_PATTERN = r"^[A-Za-z0-9\-]+[\.][A-Za-z0-9\-]+$"

_bus = re.compile(BUS_PATTERN, re.ASCII)
_endpoint = re.compile(ENDPOINT_PATTERN, re.ASCII)


class _Entry(msgspec.Struct, rename="pascal", gc=False):
    time: int | float | None = None
    source: str | None = None
    resources: list[str] | None = None
    detail_type: str | None = None
    detail: str | None = None
    event_bus_name: str | None = None
    trace_header: str | None = None


class _Request(msgspec.Struct, rename="pascal"):
    entries: list[_Entry] | None = None
    endpoint_id: str | None = None


_decoder = msgspec.json.Decoder(_Request)
_MEMBERS = {field.encode_name: field.name for field in msgspec.structs.fields(_Entry)}


async def put_events(body: bytes, caller: Caller) -> dict[str, Any]:
    """Answer PutEvents once every entry that is taken is durable; raises AwsError or JournalUnavailable.

    An entry for a bus that does not exist is taken, as Amazon does, and kept under *unknown bus*.
    """
    request = _read(body)
    submitted = request.entries or []
    if request.endpoint_id is not None:
        await asyncio.to_thread(_route, submitted, request.endpoint_id)
    entries = [_entry(entry) for entry in submitted]
    running = parts()
    buses = running.keeper.current.buses
    for name in {entry.bus for entry in entries}:
        _authorize(caller, name, buses.get(name, UNKNOWN_BUS))
    if sum(entry_bytes(entry) for entry in entries) >= settings.MAX_ENTRY_BYTES:
        raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
    assert running.acceptor is not None  # a role that listens has one
    results = await running.acceptor.accept(entries, caller=caller, keeps_unknown_bus=True)
    return {
        "FailedEntryCount": sum(isinstance(result, Rejected) for result in results),
        "Entries": [_result(result) for result in results],
    }


def _read(body: bytes) -> _Request:
    """Return a request that is as the model wants it; raises AwsError, naming everything that is wrong.

    The fast reading knows only whether something is; then the validator of all operations says what.
    """
    try:
        request = _decoder.decode(body or b"{}")
        if _is_as_wanted(request):
            return request
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        document = jsontext.decode(body or b"{}")
    except jsontext.JsonTextError as error:
        raise AwsError("SerializationException", f"The body is not JSON: {error}.") from error
    said = validated("PutEvents", document)
    return _Request(
        [_Entry(**{_MEMBERS[name]: value for name, value in one.items()}) for one in said["Entries"]],
        said.get("EndpointId"),
    )


def _is_as_wanted(request: _Request) -> bool:
    if not request.entries or len(request.entries) > MAX_ENTRIES:
        return False
    endpoint = request.endpoint_id
    if endpoint is not None and not (len(endpoint) <= MAX_ENDPOINT_ID and _endpoint.fullmatch(endpoint)):
        return False
    return all(
        (entry.trace_header is None or 1 <= len(entry.trace_header) <= MAX_TRACE_HEADER)
        and (entry.time is None or abs(entry.time) < END_OF_TIME)  # a time before 1970 spoils its entry only
        and (
            entry.event_bus_name is None
            or (len(entry.event_bus_name) <= MAX_BUS_NAME and _bus.fullmatch(entry.event_bus_name))
        )
        for entry in request.entries
    )


def _entry(entry: _Entry) -> Entry:
    return Entry(
        bus=bus_of(entry.event_bus_name or DEFAULT_BUS),
        source=entry.source or "",
        detail_type=entry.detail_type or "",
        detail=(entry.detail or "").encode(),
        time=None if entry.time is None else round(entry.time * 1_000_000),
        resources=entry.resources or (),
        attributes={} if entry.trace_header is None else {TRACE_HEADER: entry.trace_header},
    )


def _route(entries: list[_Entry], endpoint_id: str) -> None:
    """Put the entries on the endpoint's primary bus; raises AwsError if one names a bus that is not its."""
    close_old_connections()
    try:
        endpoint = GlobalEndpoint.objects.select_related("bus").filter(endpoint_id=endpoint_id).first()
    finally:
        close_old_connections()
    if endpoint is None:
        raise _wrong("EndpointId", f"there is no endpoint {endpoint_id}")
    primary = endpoint.bus.name
    for entry in entries:
        named = entry.event_bus_name
        if named is not None and named != endpoint.secondary_bus and bus_of(named) != primary:
            raise _wrong("EventBusName", f"{named} is no event bus of the endpoint {endpoint_id}")
        entry.event_bus_name = primary


def _wrong(parameter: str, reason: str) -> AwsError:
    return AwsError("ValidationException", f"Parameter {parameter} is not valid. Reason: {reason}.")


def _authorize(caller: Caller, bus: str, bus_id: int) -> None:
    if caller.may(Scope.EVENTS_PUT, bus_id):
        return
    raise denied(caller, "PutEvents", bus_arn(bus))


def _result(result: Appended | Rejected) -> Any:
    return failed_entry(result) if isinstance(result, Rejected) else {"EventId": result.id}
