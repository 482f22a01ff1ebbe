"""Connections as AWS describes them, without secrets: made all the same, to be authorised later."""

from typing import Any

from eventhub.api.eventbridge.connections import TYPES
from eventhub.models import Connection

# By what AWS's descriptions show: where a secret belongs, and what it is called here.
_SECRETS = {
    "BASIC": ("BasicAuthParameters", (), "Password", "password"),
    "API_KEY": ("ApiKeyAuthParameters", (), "ApiKeyValue", "key"),
    "OAUTH_CLIENT_CREDENTIALS": ("OAuthParameters", ("ClientParameters",), "ClientSecret", "client_secret"),
}
_HTTP = (("HeaderParameters", "headers"), ("QueryStringParameters", "query"), ("BodyParameters", "body"))
_UNTOLD = "untold"  # until the connection is deauthorised, in the same transaction


def without_secrets(said: dict[str, Any], there: Connection | None) -> list[str]:
    """Complete a connection's description, which holds no secrets, and return which ones are missing.

    Those that the connection has already are taken from it; for the others something else stands, so that the
    connection can be made, and must be deauthorised at once.
    """
    given = said.get("AuthParameters")
    where, inner, member, name = _SECRETS.get(str(said.get("AuthorizationType")), ("", (), "", ""))
    own = given.get(where) if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(own, dict):
        return []
    is_same = there is not None and there.auth == TYPES[said["AuthorizationType"]]
    known: dict[str, Any] = there.secrets() if there is not None and is_same else {}
    missing = []
    holder: Any = own
    for step in inner:
        holder = holder.get(step)
        if not isinstance(holder, dict):
            return []
    if holder.get(member) is None:
        holder[member] = known.get(name, _UNTOLD)
        missing += [] if name in known else [member]
    for parameters, prefix in (
        (given.get("InvocationHttpParameters"), ""),
        (own.get("OAuthHttpParameters"), "token_"),
    ):
        missing += _complete(parameters, prefix, known)
    return missing


def _complete(parameters: Any, prefix: str, known: dict[str, Any]) -> list[str]:
    missing = []
    for member, name in _HTTP:
        listed = parameters.get(member) if isinstance(parameters, dict) else None
        for one in listed if isinstance(listed, list) else []:
            if not isinstance(one, dict) or one.get("IsValueSecret") is not True or "Value" in one:
                continue
            key, secrets = str(one.get("Key")), known.get(prefix + name, {})
            one["Value"] = secrets.get(key, _UNTOLD)
            missing += [] if key in secrets else [f"{member}.{key}"]
    return missing
