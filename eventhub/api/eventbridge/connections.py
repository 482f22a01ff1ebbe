"""Connections: create, describe, update, delete, deauthorize, list. No answer holds a secret.

===============================  ================================================================
EventBridge                      here
===============================  ================================================================
BASIC, API_KEY,                  ``basic``, ``api-key``, ``oauth-client-credentials``; a ``bearer``
OAUTH_CLIENT_CREDENTIALS         connection, which EventBridge does not have, is told as API_KEY
InvocationHttpParameters         ``headers``, ``query``, ``body``: secret ones are sealed
OAuthHttpParameters              ``token_headers``, ``token_query``, ``token_body``
AUTHORIZED, DEAUTHORIZED         ``authorized``; the other states are never seen, for nothing waits
===============================  ================================================================
"""

from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError, denied, seconds
from eventhub.api.eventbridge.names import prefixed
from eventhub.api.eventbridge.paging import page
from eventhub.flow.configure import take_effect
from eventhub.models import Connection

AUTHORIZED, DEAUTHORIZED, DELETING = "AUTHORIZED", "DEAUTHORIZED", "DELETING"
TYPES = {
    "BASIC": Connection.Auth.BASIC,
    "API_KEY": Connection.Auth.API_KEY,
    "OAUTH_CLIENT_CREDENTIALS": Connection.Auth.OAUTH,
}
_SHOWN_TYPES = {auth: name for name, auth in TYPES.items()} | {Connection.Auth.BEARER: "API_KEY"}
# Of HTTP parameters: the member, and what it is called in config and secrets.
_HTTP = (("HeaderParameters", "headers"), ("QueryStringParameters", "query"), ("BodyParameters", "body"))
# By authorisation: where the parameters are, and which member is which setting (a dot: of a nested object).
_MEMBERS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    Connection.Auth.BASIC: ("BasicAuthParameters", {"Username": "user_name"}, {"Password": "password"}),
    Connection.Auth.API_KEY: ("ApiKeyAuthParameters", {"ApiKeyName": "header"}, {"ApiKeyValue": "key"}),
    Connection.Auth.OAUTH: (
        "OAuthParameters",
        {
            "ClientParameters.ClientID": "client_id",
            "AuthorizationEndpoint": "token_url",
            "HttpMethod": "method",
        },
        {"ClientParameters.ClientSecret": "client_secret"},
    ),
}


def connection_arn(connection: Connection) -> str:
    """Return a connection's ARN, which ends with an id: another connection of the same name has another."""
    return f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:{_path(connection)}"


def refuse_limited(caller: Caller, scope: Scope, action: str, resource: str) -> None:
    """Raise AwsError unless the caller may do this to what belongs to no bus; limited keys may not."""
    if not caller.may(scope) or caller.bus_ids is not None:
        arn = f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:{resource}"
        raise denied(caller, action, arn)


def find(name: str) -> Connection:
    """Return a connection by name; raises AwsError."""
    connection = Connection.objects.select_for_update().filter(name=name).first()
    if connection is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Failed to describe the connection(s). Connection '{name}' does not exist.",
        )
    return connection


def create(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer CreateConnection; it is authorized at once, and proves itself when it is first used."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_WRITE, "CreateConnection", f"connection/{name}")
    with transaction.atomic():
        if Connection.objects.filter(name=name).exists():
            raise AwsError("ResourceAlreadyExistsException", f"Connection {name} already exists.")
        connection = Connection(name=name)
        _configure(connection, request)
    return _changed(connection)


def update(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer UpdateConnection: what is left out stays, secrets included; it is authorized again."""
    refuse_limited(caller, Scope.RULES_WRITE, "UpdateConnection", f"connection/{request['Name']}")
    with transaction.atomic():
        connection = find(request["Name"])
        _configure(connection, request)
    return _changed(connection)


def deauthorize(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeauthorizeConnection: its secrets are deleted, and deliveries wait until it is updated."""
    refuse_limited(caller, Scope.RULES_WRITE, "DeauthorizeConnection", f"connection/{request['Name']}")
    with transaction.atomic():
        connection = find(request["Name"])
        connection.change_secrets(dict.fromkeys(connection.secrets()))
        connection.authorized, connection.reason = False, "deauthorized by DeauthorizeConnection"
        connection.save()
        take_effect()
    return _changed(connection)


def describe(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribeConnection."""
    refuse_limited(caller, Scope.RULES_READ, "DescribeConnection", f"connection/{request['Name']}")
    with transaction.atomic():
        connection = find(request["Name"])
    secret = (
        f"arn:aws:secretsmanager:{settings.REGION}:{settings.ACCOUNT_ID}:secret:events!{_path(connection)}"
    )
    described = _shown(connection) | {"SecretArn": secret, "AuthParameters": _parameters(connection)}
    return described | ({"Description": connection.description} if connection.description else {})


def delete(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeleteConnection; one that something uses stays."""
    refuse_limited(caller, Scope.RULES_WRITE, "DeleteConnection", f"connection/{request['Name']}")
    with transaction.atomic():
        connection = find(request["Name"])
        answer = _changed(connection) | {"ConnectionState": DELETING}
        try:
            connection.delete()
        except ProtectedError as error:
            raise AwsError("ValidationException", f"{error.args[0]}.") from error
        take_effect()
    return answer


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListConnections."""
    refuse_limited(caller, Scope.RULES_READ, "ListConnections", "connection/*")
    rows = prefixed(Connection.objects.all(), request.get("NamePrefix"))
    if (state := request.get("ConnectionState")) is not None:
        wanted = {AUTHORIZED: True, DEAUTHORIZED: False}
        rows = rows.filter(authorized=wanted[state]) if state in wanted else rows.none()
    return page(request, rows, of="connections", shown=_shown, member="Connections")


def _path(connection: Connection) -> str:
    return f"connection/{connection.name}/{uuid5(NAMESPACE_OID, f'eventhub connection {connection.pk}')}"


def _configure(connection: Connection, request: dict[str, Any]) -> None:
    for place in (request, request.get("AuthParameters", {})):
        for name in ("InvocationConnectivityParameters", "ConnectivityParameters"):
            if name in place:
                raise AwsError(
                    "ValidationException",
                    f"{name}: wanted none, for there are no private networks of AWS here.",
                )
    before = connection.auth
    auth = TYPES[request["AuthorizationType"]] if "AuthorizationType" in request else connection.auth
    given = request.get("AuthParameters", {})
    if auth == Connection.Auth.BEARER and given:
        raise AwsError("ValidationException", "AuthorizationType: wanted together with AuthParameters.")
    kept, secrets = dict(connection.config), dict(connection.secrets())
    if auth != before:
        of_type = {name for one in _MEMBERS.values() for half in one[1:] for name in half.values()}
        kept = {name: value for name, value in kept.items() if name in dict(_HTTP).values()}
        secrets = {name: value for name, value in secrets.items() if name not in {*of_type, "token"}}
    if given:
        shown, hidden = _read(auth, given)
        kept, secrets = kept | shown, secrets | hidden
        connection.authorized, connection.reason = True, ""
    connection.auth, connection.config = auth, {name: value for name, value in kept.items() if value}
    connection.description = request.get("Description", connection.description)
    gone = dict.fromkeys(connection.secrets().keys() - secrets.keys())
    connection.change_secrets(gone | {name: value or None for name, value in secrets.items()})
    connection.full_clean()
    connection.save()
    take_effect()


def _read(auth: str, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is shown and what is sealed of a request's parameters."""
    where, shown_as, sealed_as = _MEMBERS[auth]
    for other, _, _ in _MEMBERS.values():
        if other != where and other in given:
            raise AwsError("ValidationException", f"{other}: wanted {where} for this AuthorizationType.")
    own = given.get(where, {})
    shown = {name: value for path, name in shown_as.items() if (value := _at(own, path)) is not None}
    sealed = {name: value for path, name in sealed_as.items() if (value := _at(own, path)) is not None}
    for parameters, prefix in (
        (given.get("InvocationHttpParameters"), ""),
        (own.get("OAuthHttpParameters"), "token_"),
    ):
        if parameters is not None:
            for name, public, secret in _http(parameters, prefix):
                shown[name], sealed[name] = public, secret
    return shown, sealed


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _http(parameters: dict[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    for member, name in _HTTP:
        public: dict[str, str] = {}
        secret: dict[str, str] = {}
        for one in parameters.get(member, []):
            (secret if one.get("IsValueSecret") else public)[one.get("Key", "")] = one.get("Value", "")
        yield prefix + name, public, secret


def _parameters(connection: Connection) -> dict[str, Any]:
    """Return the parameters without what is secret."""
    where, own = "ApiKeyAuthParameters", dict[str, Any](ApiKeyName="Authorization")
    if connection.auth != Connection.Auth.BEARER:
        where, shown_as, _ = _MEMBERS[connection.auth]
        own = {}
        for path, name in shown_as.items():
            if name in connection.config:
                *outer, member = path.split(".")
                place = own.setdefault(outer[0], {}) if outer else own
                place[member] = connection.config[name]
        if connection.auth == Connection.Auth.OAUTH:
            own.setdefault("HttpMethod", "POST")
            if of_token := _http_shown(connection, "token_"):
                own["OAuthHttpParameters"] = of_token
    invocation = _http_shown(connection, "")
    return {where: own} | ({"InvocationHttpParameters": invocation} if invocation else {})


def _http_shown(connection: Connection, prefix: str) -> dict[str, Any]:
    secrets, shown = connection.secrets(), {}
    for member, name in _HTTP:
        public, secret = connection.config.get(prefix + name, {}), secrets.get(prefix + name, {})
        found = [{"Key": key, "Value": value, "IsValueSecret": False} for key, value in public.items()]
        found += [{"Key": key, "IsValueSecret": True} for key in secret]
        if found:
            shown[member] = found
    return shown


def _changed(connection: Connection) -> dict[str, Any]:
    return {
        "ConnectionArn": connection_arn(connection),
        "ConnectionState": AUTHORIZED if connection.authorized else DEAUTHORIZED,
        "CreationTime": seconds(connection.created_at),
        "LastModifiedTime": seconds(connection.updated_at),
    }


def _shown(connection: Connection) -> dict[str, Any]:
    shown = _changed(connection) | {
        "Name": connection.name,
        "AuthorizationType": _SHOWN_TYPES[Connection.Auth(connection.auth)],
    }
    return shown if connection.authorized else shown | {"StateReason": connection.reason or "not authorised"}
