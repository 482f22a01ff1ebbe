"""What an attempt keeps of an HTTP request and its reply, with credentials masked.

Masked are headers whose names speak of credentials, and every text that the request declares a secret,
wherever it stands: receivers like to repeat what they were sent.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote

from eventhub.targets.http import Reply, Request
from eventhub.targets.kind import Order
from eventhub.targets.mask import MASK, masked

MAX_BODY_CHARACTERS = 4096  # of a payload that is not the envelope, which the event already holds

_CREDENTIAL = re.compile(
    r"auth|token|secret|passw|credential|cookie|session|(?:^|[-_])(?:api)?[-_]?key(?:$|[-_])", re.IGNORECASE
)
_SIGNING = {"sig", "signature", "code"}  # what some call the credential in a query


def masked_headers(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return headers by name; those that speak of credentials have a mask instead of a value.

    >>> masked_headers([("Authorization", "Bearer abc"), ("X-Shop", "7")])
    {'Authorization': '•••', 'X-Shop': '7'}
    """
    return {name: MASK if _speaks_of_credentials(name) else value for name, value in headers}


@lru_cache(maxsize=1024)
def _speaks_of_credentials(name: str) -> bool:
    # How to authenticate is what a person wants to read when a receiver answers 401.
    return bool(_CREDENTIAL.search(name)) and not name.lower().endswith("-authenticate")


def _hides(name: str) -> bool:
    """Tell whether a member of a query is a credential, by its name."""
    return _speaks_of_credentials(name) or name.lower() in _SIGNING


def masked_url(url: str) -> str:
    """Return a URL; what its query's names call a credential is masked.

    >>> masked_url("https://x.example/hook?shop=7&api_key=abc")
    'https://x.example/hook?shop=7&api_key=•••'
    """
    path, mark, query = url.partition("?")
    if not mark:
        return url
    shown = []
    for member in query.split("&"):
        name, sign, value = member.partition("=")
        shown.append(name + sign + (MASK if sign and _hides(name) else value))
    return f"{path}?{'&'.join(shown)}"


def secrets_of(request: Request) -> Sequence[str]:
    """Return every text that nobody may read of a request, those of its address with them."""
    return (*request.secrets, *_in_query(request.url)) if "?" in request.url else request.secrets


@lru_cache(maxsize=1024)
def _in_query(url: str) -> tuple[str, ...]:
    """Return the values that ``masked_url`` hides, as they stand and as they are meant.

    >>> _in_query("https://x.example/hook?shop=7&api_key=a%2Fb")
    ('a%2Fb', 'a/b')
    """
    found: dict[str, None] = {}
    for member in url.partition("?")[2].split("&"):
        name, _sign, value = member.partition("=")
        if value and _hides(name):
            found |= dict.fromkeys((value, unquote(value)))
    return tuple(found)


def shown_request(order: Order, request: Request) -> Mapping[str, object]:
    """Return what an attempt keeps of its request: ``body`` is "envelope" if it is no other payload."""
    lines = [line.partition(": ") for line in request.headers]
    headers = masked_headers([(name, value) for name, colon, value in lines if colon])
    if request.secrets:
        headers = {name: masked(value, request.secrets) for name, value in headers.items()}
    return {
        "method": request.method,
        "url": masked_url(request.shown_url or request.url),
        "headers": headers,
        **shown_payload(order, request.body),
    }


def shown_payload(order: Order, sent: bytes) -> dict[str, object]:
    """Return what an attempt keeps of the payload; ``sent`` is all that went out, of which bytes count."""
    shown: dict[str, object] = {"body": "envelope", "bytes": len(sent)}
    # What the connection adds to the body is not shown; it is the payload that people look for.
    if not sent and order.body:
        shown["body"] = ""
    elif order.body != order.event.envelope:
        text = order.body.decode(errors="replace")
        shown["body"] = text[:MAX_BODY_CHARACTERS]
        if len(text) > MAX_BODY_CHARACTERS:
            shown["cut"] = True
    return shown


def shown_response(reply: Reply, secrets: Sequence[str] = ()) -> Mapping[str, object]:
    """Return what an attempt keeps of a reply: empty if nothing came; ``body_base64`` if it is not UTF-8."""
    if reply.status is None:
        return {}
    headers = masked_headers(reply.headers)
    if secrets:
        headers = {name: masked(value, secrets) for name, value in headers.items()}
    shown: dict[str, object] = {
        "status": reply.status,
        "reason": masked(reply.reason, secrets),
        "headers": headers,
    }
    if reply.body:
        text = _text(reply)
        if text is not None:
            shown["body"] = masked(text, secrets)
        elif secrets:
            # Looked for in what is no text, a secret might be missed.
            shown["body"] = f"{len(reply.body)} bytes that are no text"
        else:
            shown["body_base64"] = base64.b64encode(reply.body).decode()
    if reply.cut:
        shown["cut"] = True
    return shown


def _text(reply: Reply) -> str | None:
    try:
        return reply.body.decode()
    except UnicodeDecodeError:
        if reply.cut:  # perhaps only the last character was cut through
            text = reply.body.decode(errors="ignore")
            if len(reply.body) - len(text.encode()) < 4:
                return text
    return None
