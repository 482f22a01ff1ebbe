"""Global endpoints: kept and told, and always routing to the primary bus, which is the one here."""

from typing import Any

from django.conf import settings
from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.connections import refuse_limited
from eventhub.api.eventbridge.errors import AwsError, seconds
from eventhub.api.eventbridge.names import bus_arn, bus_of, prefixed
from eventhub.api.eventbridge.paging import page
from eventhub.flow.configure import take_effect
from eventhub.models import Bus, GlobalEndpoint
from eventhub.models.endpoint import REASON, STATE

ENABLED, DISABLED = "ENABLED", "DISABLED"


def create(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer CreateEndpoint; the endpoint is active at once."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_WRITE, "CreateEndpoint", f"endpoint/{name}")
    with transaction.atomic():
        if GlobalEndpoint.objects.filter(name=name).exists():
            raise AwsError("ResourceAlreadyExistsException", f"Endpoint {name} already exists.")
        endpoint = GlobalEndpoint(name=name)
        _configure(endpoint, request)
    return _set_up(endpoint) | {"State": STATE}


def update(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer UpdateEndpoint: what the request leaves out stays as it is."""
    refuse_limited(caller, Scope.RULES_WRITE, "UpdateEndpoint", f"endpoint/{request['Name']}")
    with transaction.atomic():
        endpoint = _find(request["Name"])
        _configure(endpoint, request)
    return _set_up(endpoint) | _address(endpoint) | {"State": STATE}


def delete(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeleteEndpoint."""
    refuse_limited(caller, Scope.RULES_WRITE, "DeleteEndpoint", f"endpoint/{request['Name']}")
    with transaction.atomic():
        _find(request["Name"]).delete()
        take_effect()
    return {}


def describe(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribeEndpoint; its home is this Region."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_READ, "DescribeEndpoint", f"endpoint/{name}")
    if request.get("HomeRegion", settings.REGION) != settings.REGION:
        raise _missing(name)
    with transaction.atomic():
        return _shown(_find(name))


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListEndpoints."""
    refuse_limited(caller, Scope.RULES_READ, "ListEndpoints", "endpoint/*")
    rows = prefixed(GlobalEndpoint.objects.select_related("bus"), request.get("NamePrefix"))
    if request.get("HomeRegion", settings.REGION) != settings.REGION:
        rows = rows.none()
    return page(request, rows, of="endpoints", shown=_shown, member="Endpoints", limit="MaxResults")


def _find(name: str) -> GlobalEndpoint:
    endpoint = GlobalEndpoint.objects.select_for_update().filter(name=name).first()
    if endpoint is None:
        raise _missing(name)
    return endpoint


def _missing(name: str) -> AwsError:
    return AwsError("ResourceNotFoundException", f"Endpoint {name} does not exist.")


def _configure(endpoint: GlobalEndpoint, request: dict[str, Any]) -> None:
    endpoint.description = request.get("Description", endpoint.description)
    endpoint.role = request.get("RoleArn", endpoint.role)
    if "ReplicationConfig" in request:
        endpoint.replicates = request["ReplicationConfig"].get("State", ENABLED) == ENABLED
    if "EventBuses" in request:
        _choose_buses(endpoint, [one["EventBusArn"] for one in request["EventBuses"]])
    if "RoutingConfig" in request:
        failover = request["RoutingConfig"]["FailoverConfig"]
        endpoint.health_check = failover["Primary"]["HealthCheck"]
        route = failover["Secondary"]["Route"]
        if endpoint.secondary_region not in {"", route}:
            raise AwsError(
                "ValidationException",
                f"The secondary Region {route} must be that of the event bus {endpoint.secondary_bus}.",
            )
    endpoint.full_clean()
    endpoint.save()
    take_effect()


def _choose_buses(endpoint: GlobalEndpoint, arns: list[str]) -> None:
    """Take as primary whichever is here: the order does not say it."""
    here = [arn for arn in arns if bus_of(arn) != arn]
    if len(here) != 1:
        raise AwsError(
            "ValidationException",
            f"One of the event buses, and one only, must be of the Region {settings.REGION} and the account "
            f"{settings.ACCOUNT_ID}.",
        )
    name = bus_of(here[0])
    bus = Bus.objects.filter(name=name).first()
    if bus is None:
        raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
    endpoint.bus = bus
    endpoint.secondary_bus = next(arn for arn in arns if arn != here[0])


def _set_up(endpoint: GlobalEndpoint) -> dict[str, Any]:
    said: dict[str, Any] = {
        "Name": endpoint.name,
        "Arn": f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:endpoint/{endpoint.name}",
        "RoutingConfig": {
            "FailoverConfig": {
                "Primary": {"HealthCheck": endpoint.health_check},
                "Secondary": {"Route": endpoint.secondary_region},
            }
        },
        "ReplicationConfig": {"State": ENABLED if endpoint.replicates else DISABLED},
        "EventBuses": [
            {"EventBusArn": bus_arn(endpoint.bus.name)},
            {"EventBusArn": endpoint.secondary_bus},
        ],
    }
    return said | ({"RoleArn": endpoint.role} if endpoint.role else {})


def _address(endpoint: GlobalEndpoint) -> dict[str, str]:
    return {"EndpointId": endpoint.endpoint_id} | ({"EndpointUrl": endpoint.url} if endpoint.url else {})


def _shown(endpoint: GlobalEndpoint) -> dict[str, Any]:
    shown = _set_up(endpoint) | _address(endpoint)
    shown |= {
        "State": STATE,
        "StateReason": REASON,
        "CreationTime": seconds(endpoint.created_at),
        "LastModifiedTime": seconds(endpoint.updated_at),
    }
    return shown | ({"Description": endpoint.description} if endpoint.description else {})
