"""Buses: create, describe, update, delete, list."""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge import tags
from eventhub.api.eventbridge.errors import AwsError, denied, over_quota, seconds
from eventhub.api.eventbridge.names import bus_arn, bus_of, find_bus, prefixed, visible_buses
from eventhub.api.eventbridge.paging import page
from eventhub.api.eventbridge.policies import document
from eventhub.flow.configure import has_pending, take_effect
from eventhub.models import DEFAULT_BUS, Bus, PartnerSource

# Told and told again, and without meaning here: events are not encrypted by KMS, and what cannot be routed is
# kept by every bus with its reason.
_TOLD = ("KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


def create(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer CreateEventBus."""
    name = request["Name"]
    if not caller.may(Scope.RULES_WRITE) or caller.bus_ids is not None:
        raise denied(caller, "CreateEventBus", bus_arn(name))
    _check_source(name, request.get("EventSourceName"))
    with transaction.atomic():
        if Bus.objects.filter(name=name).exists():
            raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        if Bus.objects.count() >= settings.MAX_BUSES:
            raise over_quota()
        bus = Bus(
            name=name, description=request.get("Description", ""), tags=tags.read(request.get("Tags", []))
        )
        bus.told = {member: request[member] for member in _TOLD if member in request}
        bus.full_clean()
        bus.save()
        take_effect()
    return {"EventBusArn": bus_arn(name)} | _said(bus)


def describe(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribeEventBus: the default bus, if none is named."""
    return _shown(find_bus(request.get("Name"), caller, Scope.RULES_READ, "DescribeEventBus"))


def update(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer UpdateEventBus: what the request leaves out stays as it is."""
    with transaction.atomic():
        bus = find_bus(request.get("Name"), caller, Scope.RULES_WRITE, "UpdateEventBus", changes=True)
        bus.description = request.get("Description", bus.description)
        bus.told = bus.told | {member: request[member] for member in _TOLD if member in request}
        bus.full_clean()
        bus.save(update_fields=["description", "told", "updated_at"])
        take_effect()
    return {"Arn": bus_arn(bus.name), "Name": bus.name} | _said(bus)


def delete(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeleteEventBus; one that is not there is deleted already, as AWS has it."""
    name = bus_of(request["Name"])
    if name == DEFAULT_BUS:
        raise AwsError("ValidationException", "Cannot delete event bus default.")
    if not Bus.objects.filter(name=name).exists() and caller.may(Scope.RULES_WRITE):
        return {}
    with transaction.atomic():
        bus = find_bus(name, caller, Scope.RULES_WRITE, "DeleteEventBus", changes=True)
        if bus.rules.exists():
            raise AwsError("ValidationException", f"Event bus {name} can't be deleted since it has rules.")
        if has_pending(bus):
            raise AwsError(
                "ConcurrentModificationException",
                f"Event bus {name} has deliveries under way. Try again later.",
            )
        try:
            bus.delete()
        except ProtectedError as error:
            raise AwsError("ValidationException", f"{error.args[0]}.") from error
        take_effect()
    return {}


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListEventBuses with those that the caller may see."""
    if not caller.may(Scope.RULES_READ):
        raise denied(caller, "ListEventBuses", bus_arn("*"))
    rows = prefixed(visible_buses(caller), request.get("NamePrefix"))
    return page(request, rows, of="buses", shown=_listed, member="EventBuses")


def _check_source(name: str, source: str | None) -> None:
    """Raise AwsError unless a bus for a partner's events, and none other, names their source, as itself."""
    if source is None:
        if "/" in name:
            raise AwsError("ValidationException", "Event bus name must not contain '/'.")
    elif source != name:
        raise AwsError("ValidationException", "Event bus name must be the name of its event source.")
    elif not PartnerSource.shared().filter(name=source).exists():
        raise AwsError("ResourceNotFoundException", f"Event source {source} does not exist.")


def _said(bus: Bus) -> dict[str, Any]:
    told: dict[str, Any] = bus.told
    return ({"Description": bus.description} if bus.description else {}) | told


def _listed(bus: Bus) -> dict[str, Any]:
    shown = _shown(bus)
    return {name: value for name, value in shown.items() if name not in _TOLD}


def _shown(bus: Bus) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Name": bus.name,
        "Arn": bus_arn(bus.name),
        "CreationTime": seconds(bus.created_at),
        "LastModifiedTime": seconds(bus.updated_at),
    }
    return shown | _said(bus) | ({"Policy": document(bus)} if bus.policy else {})
