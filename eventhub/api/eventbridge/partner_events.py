"""PutPartnerEvents: up to twenty entries, each put on the bus that its source, a partner's, is named like."""

import asyncio
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import close_old_connections

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError, FailedEntry, denied, failed_entry
from eventhub.api.eventbridge.names import bus_arn
from eventhub.domain.entry import Entry, Fault, Rejected, entry_bytes
from eventhub.flow.process import parts
from eventhub.journal.port import UNKNOWN_BUS, Appended
from eventhub.models import PartnerSource


async def put_partner_events(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer PutPartnerEvents once every entry that is taken is durable.

    An entry whose source is not active, or is not there, fails. Raises AwsError or JournalUnavailable.
    """
    entries = [_entry(said) for said in request["Entries"]]
    if sum(entry_bytes(entry) for entry in entries) >= settings.MAX_ENTRY_BYTES:
        raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
    running = parts()
    for bus in {entry.bus for entry in entries if entry.bus}:
        if not caller.may(Scope.EVENTS_PUT, running.keeper.current.buses.get(bus, UNKNOWN_BUS)):
            raise denied(caller, "PutPartnerEvents", bus_arn(bus))
    states = await asyncio.to_thread(_states, {entry.source for entry in entries})
    checked = [_refused(entry, states) or entry for entry in entries]
    assert running.acceptor is not None  # a role that listens has one
    results = await running.acceptor.accept(checked, caller=caller, is_partner=True)
    return {
        "FailedEntryCount": sum(isinstance(result, Rejected) for result in results),
        "Entries": [_result(result) for result in results],
    }


def _entry(said: dict[str, Any]) -> Entry:
    source = said.get("Source", "")
    return Entry(
        bus=source,
        source=source,
        detail_type=said.get("DetailType", ""),
        detail=said.get("Detail", "").encode(),
        time=None if "Time" not in said else round(said["Time"] * 1_000_000),
        resources=said.get("Resources", ()),
    )


def _states(sources: Collection[str]) -> dict[str, str]:
    close_old_connections()
    try:
        return {source.name: source.state for source in PartnerSource.shared().filter(name__in=sources)}
    finally:
        close_old_connections()


def _refused(entry: Entry, states: dict[str, str]) -> Rejected | None:
    if not entry.source:
        return None  # the acceptor says so
    if entry.source not in states:
        return Rejected(Fault.RESERVED_SOURCE, "no such partner event source", "source")
    if (state := states[entry.source]) != PartnerSource.State.ACTIVE:
        return Rejected(Fault.UNKNOWN_BUS, f"event source {entry.source} is {state}, not ACTIVE", "source")
    return None


def _result(result: Appended | Rejected) -> FailedEntry | dict[str, str]:
    return failed_entry(result) if isinstance(result, Rejected) else {"EventId": str(result.id)}
