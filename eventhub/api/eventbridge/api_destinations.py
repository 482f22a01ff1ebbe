"""API destinations: create, describe, update, delete, list."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge import connections
from eventhub.api.eventbridge.connections import connection_arn, refuse_limited
from eventhub.api.eventbridge.errors import AwsError, seconds
from eventhub.api.eventbridge.names import prefixed
from eventhub.api.eventbridge.paging import page
from eventhub.flow.configure import take_effect
from eventhub.models import ApiDestination, Connection

ACTIVE, INACTIVE = "ACTIVE", "INACTIVE"
_COLUMNS = {
    "Description": "description",
    "InvocationEndpoint": "endpoint",
    "HttpMethod": "method",
    "InvocationRateLimitPerSecond": "rate_per_second",
}


def create(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer CreateApiDestination."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_WRITE, "CreateApiDestination", f"api-destination/{name}")
    with transaction.atomic():
        if ApiDestination.objects.filter(name=name).exists():
            raise AwsError("ResourceAlreadyExistsException", f"An api-destination '{name}' already exists.")
        destination = ApiDestination(name=name)
        _configure(destination, request)
    return _changed(destination)


def update(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer UpdateApiDestination: what is left out stays."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_WRITE, "UpdateApiDestination", f"api-destination/{name}")
    with transaction.atomic():
        destination = _find(name)
        _configure(destination, request)
    return _changed(destination)


def describe(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribeApiDestination."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_READ, "DescribeApiDestination", f"api-destination/{name}")
    with transaction.atomic():
        destination = _find(name)
    described = {"Description": destination.description} if destination.description else {}
    return _shown(destination) | described


def delete(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeleteApiDestination; one that a target delivers to stays."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_WRITE, "DeleteApiDestination", f"api-destination/{name}")
    with transaction.atomic():
        try:
            _find(name).delete()
        except ProtectedError as error:
            raise AwsError("ValidationException", f"{error.args[0]}.") from error
        take_effect()
    return {}


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListApiDestinations, of one connection if asked."""
    refuse_limited(caller, Scope.RULES_READ, "ListApiDestinations", "api-destination/*")
    rows = prefixed(ApiDestination.objects.select_related("connection"), request.get("NamePrefix"))
    if "ConnectionArn" in request:
        found = _connection(request["ConnectionArn"])
        rows = rows.filter(connection=found)
    return page(request, rows, of="API destinations", shown=_shown, member="ApiDestinations")


def _find(name: str) -> ApiDestination:
    rows = ApiDestination.objects.select_related("connection")
    destination = rows.select_for_update(of=("self",)).filter(name=name).first()
    if destination is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Failed to describe the api-destination(s). An api-destination '{name}' does not exist.",
        )
    return destination


def _connection(arn: str) -> Connection:
    """Return the connection of an ARN, whose id at the end must be its own."""
    _, _, path = arn.partition(f":events:{settings.REGION}:{settings.ACCOUNT_ID}:connection/")
    with transaction.atomic():
        connection = connections.find(path.partition("/")[0] or arn)
    if connection_arn(connection).partition(":events:")[2] != arn.partition(":events:")[2]:
        raise AwsError("ResourceNotFoundException", f"Connection '{arn}' does not exist.")
    return connection


def _configure(destination: ApiDestination, request: dict[str, Any]) -> None:
    if "ConnectionArn" in request:
        destination.connection = _connection(request["ConnectionArn"])
    for member, column in _COLUMNS.items():
        if member in request:
            setattr(destination, column, request[member])
    destination.full_clean()
    destination.save()
    take_effect()


def _changed(destination: ApiDestination) -> dict[str, Any]:
    own = uuid5(NAMESPACE_OID, f"eventhub API destination {destination.pk}")
    path = f"api-destination/{destination.name}/{own}"
    return {
        "ApiDestinationArn": f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:{path}",
        "ApiDestinationState": ACTIVE if destination.connection.authorized else INACTIVE,
        "CreationTime": seconds(destination.created_at),
        "LastModifiedTime": seconds(destination.updated_at),
    }


def _shown(destination: ApiDestination) -> dict[str, Any]:
    return _changed(destination) | {
        "Name": destination.name,
        "ConnectionArn": connection_arn(destination.connection),
        "InvocationEndpoint": destination.endpoint,
        "HttpMethod": destination.method,
        "InvocationRateLimitPerSecond": destination.rate_per_second,
    }
