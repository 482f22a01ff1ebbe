"""A connection's credentials, and how they get onto a request.

=========================  =====================================  ===========================================
authorisation              ``config``, which may be shown         ``secrets``
=========================  =====================================  ===========================================
basic                      user_name                              password
api-key                    header                                 key
bearer                                                            token
oauth-client-credentials   client_id, token_url, method, scope,   client_secret, token_headers, token_query,
                           client_in, token_headers,              token_body
                           token_query, token_body
every one                  headers, query, body                   headers, query, body
=========================  =====================================  ===========================================

``headers``, ``query`` and ``body`` are objects of names and texts. Both halves of each are added to every
request (body members to a payload that is a JSON object) and win over what the target itself sets; the
``token_`` ones go to the token endpoint. ``method`` is POST, GET or PUT; ``client_in`` says whether client id
and secret go into the ``body`` or into a basic ``header``.
"""

import base64
import html
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from eventhub.domain import jsontext
from eventhub.domain.hosts import Guard, check_url
from eventhub.targets.headers import check_headers
from eventhub.targets.kind import CallError
from eventhub.targets.mask import MASK
from eventhub.targets.verdict import Fault

BASIC, API_KEY, BEARER, OAUTH = "basic", "api-key", "bearer", "oauth-client-credentials"
TOKEN_METHODS = ("POST", "GET", "PUT")
CLIENT_IN = ("body", "header")

_SHARED = ("headers", "query", "body")
_OF_TOKEN = ("token_headers", "token_query", "token_body")
# By authorisation: texts of config (with a star: required), texts of secrets (all required), objects of both.
_MEMBERS: Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {
    BASIC: (("user_name*",), ("password",), _SHARED),
    API_KEY: (("header*",), ("key",), _SHARED),
    BEARER: ((), ("token",), _SHARED),
    OAUTH: (
        ("client_id*", "token_url*", "method", "scope", "client_in"),
        ("client_secret",),
        _SHARED + _OF_TOKEN,
    ),
}
MAX_TEXT = 2048
_PERCENT = re.compile(r"%[0-9A-F]{2}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A connection as a kind is given it, secrets opened, in ``Order.settings["connection"]``."""

    auth: str
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def both(self, name: str) -> dict[str, str]:
        """Return an object's members, shown and secret ones."""
        return {**self.config.get(name, {}), **self.secrets.get(name, {})}


@dataclass(frozen=True, slots=True)
class Applied:
    """URL and headers with the credentials in them, and what may not be read in what is kept."""

    url: str
    headers: list[tuple[str, str]] = field(repr=False)
    shown_url: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)


def apply(
    credentials: Credentials | None, token: str, url: str, headers: Sequence[tuple[str, str]]
) -> Applied:
    """Return URL and headers as the connection authorises them, by ``token`` if it is of OAuth."""
    if credentials is None:
        return Applied(url, list(headers))
    added = {**dict(_authorisation(credentials, token)), **credentials.both("headers")}
    over = {name.lower() for name in added}
    kept = [(name, value) for name, value in headers if name.lower() not in over]
    query = credentials.both("query")
    return Applied(
        with_query(url, query),
        [*kept, *added.items()],
        with_query(url, query, hidden=credentials.secrets.get("query", {})) if query else "",
        secret_texts(credentials, token),
    )


def with_body(credentials: Credentials | None, body: bytes) -> bytes:
    """Return a payload with the connection's body members; raises CallError if it is no JSON object."""
    members = credentials.both("body") if credentials is not None else {}
    if not members:
        return body
    try:
        decoded = jsontext.decode(body)
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict):
        text = "the connection adds members to the body, but the payload is no JSON object"
        raise CallError.of(Fault.INVALID, text)
    encoded = jsontext.encode({**decoded, **members})
    return encoded if isinstance(encoded, bytes) else encoded.encode()


def with_query(url: str, query: Mapping[str, str], *, hidden: Collection[str] = ()) -> str:
    """Return a URL with more of a query; ``hidden`` names have a mask for a value.

    >>> with_query("http://x/?a=1", {"b": "2 3"})
    'http://x/?a=1&b=2%203'
    """
    if not query:
        return url
    added = "&".join(
        f"{quote(name, safe='')}={MASK if name in hidden else quote(value, safe='')}"
        for name, value in query.items()
    )
    return f"{url}{'&' if '?' in url else '?'}{added}"


def basic(user_name: str, password: str) -> str:
    """Return the value of a basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user_name}:{password}".encode()).decode()


def secret_texts(credentials: Credentials, token: str = "") -> tuple[str, ...]:
    """Return every text that nobody may read, in the forms in which a receiver may repeat it."""
    # What a receiver repeats is the token, without the scheme before it.
    texts = [token, token.partition(" ")[2]]
    for value in credentials.secrets.values():
        texts += value.values() if isinstance(value, Mapping) else [str(value)]
    pairs = [
        (credentials.config.get("user_name"), credentials.secrets.get("password")),
        (credentials.config.get("client_id"), credentials.secrets.get("client_secret")),
    ]
    texts += [basic(str(name), str(secret))[6:] for name, secret in pairs if name and secret]
    texts += [form for text in texts if text for form in _forms(text)]
    # The longest first: one may be part of another.
    return tuple(sorted({text for text in texts if text}, key=len, reverse=True))


@lru_cache(maxsize=1024)
def _forms(text: str) -> frozenset[str]:
    """Return a text as URLs, HTML and the JSON of several languages write it."""
    quoted = (quote(text, safe=""), quote(text, safe="/"), quote_plus(text))
    lower = (_PERCENT.sub(lambda found: found[0].lower(), one) for one in quoted)
    plain, escaped = json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]
    slashed = (one.replace("/", "\\/") for one in (plain, escaped))  # PHP
    coded = (  # .NET, and Go for the first three
        "".join(f"\\u{ord(one):04{case}}" if one in signs else one for one in escaped)
        for signs in ("<>&", "<>&+/'")
        for case in "xX"
    )
    return frozenset((*quoted, *lower, plain, escaped, *slashed, *coded, html.escape(text)))


def _authorisation(credentials: Credentials, token: str) -> list[tuple[str, str]]:
    config, secrets = credentials.config, credentials.secrets
    if credentials.auth == BASIC:
        return [("Authorization", basic(config["user_name"], secrets["password"]))]
    if credentials.auth == API_KEY:
        return [(config["header"], secrets["key"])]
    if credentials.auth == BEARER:
        return [("Authorization", f"Bearer {secrets['token']}")]
    return [("Authorization", token)]


def check_connection(
    auth: str, config: Mapping[str, Any], secrets: Mapping[str, Any], guard: Guard | None = None
) -> dict[str, str]:
    """Return what is wrong with a connection, by path (``config.header``); no secret is in it."""
    if auth not in _MEMBERS:
        return {"auth": f"wanted {' or '.join(_MEMBERS)}, found {auth!r}"}
    texts, hidden, objects = _MEMBERS[auth]
    wrong: dict[str, str] = {}
    for half, values, names in (("config", config, texts), ("secrets", secrets, hidden)):
        known = {name.removesuffix("*"): half == "secrets" or name.endswith("*") for name in names}
        for name in values:
            if name not in known and name not in objects:
                wrong[f"{half}.{name}"] = f"unknown: {auth} takes {', '.join([*known, *objects])}"
        for name, required in known.items():
            message = _wrong_text(values.get(name), required=required)
            if message:
                wrong[f"{half}.{name}"] = message
        for name in objects:
            message = _wrong_object(name, values.get(name))
            if message:
                wrong[f"{half}.{name}"] = message
    return wrong or _wrong_together(auth, config, secrets, guard)


def _wrong_together(
    auth: str, config: Mapping[str, Any], secrets: Mapping[str, Any], guard: Guard | None
) -> dict[str, str]:
    if auth == BASIC and ":" in config["user_name"]:
        return {"config.user_name": "wanted a user name without a colon"}
    place = "config.header" if auth == API_KEY else "secrets.token"
    try:
        if auth == API_KEY:
            check_headers({config["header"]: secrets["key"]})
        elif auth == BEARER:
            check_headers({"Authorization": secrets["token"]})
        elif auth == OAUTH:
            place = "config.token_url"
            check_url(config["token_url"], guard)
            for name, allowed in (("method", TOKEN_METHODS), ("client_in", CLIENT_IN)):
                place = f"config.{name}"
                if config.get(name) and config[name] not in allowed:
                    raise ValueError(f"wanted {' or '.join(allowed)}, found {config[name]!r}")
    except ValueError as error:
        return {place: str(error)}
    return {}


def _wrong_text(value: Any, *, required: bool) -> str:
    if value is None or value == "":
        return "wanted a text, found none" if required else ""
    if not isinstance(value, str):
        return f"wanted a text, found {type(value).__name__}"
    return "" if len(value) <= MAX_TEXT else f"wanted at most {MAX_TEXT} characters, found {len(value)}"


def _wrong_object(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        return "wanted an object of names and texts"
    for member, text in value.items():
        if not 1 <= len(member) <= MAX_TEXT or len(text) > MAX_TEXT:
            return f"wanted names and texts of at most {MAX_TEXT} characters"
    if name.endswith("headers"):
        try:
            check_headers(value)
        except ValueError as error:
            return str(error)
    return ""
