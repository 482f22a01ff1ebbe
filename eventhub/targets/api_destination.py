"""The API destination kind: any method on any HTTP endpoint, authorised by a connection.

Each ``*`` in the endpoint's path or query takes one path parameter of the target. Parameters, headers and
query values that begin with ``$`` are paths in the event (``$.detail.order.id``), as EventBridge has it; they
are percent-encoded, so that no value leads to another endpoint. A path parameter that is not in the event
gives the delivery up: a request to half an address might do anything.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

from eventhub.domain import jsontext
from eventhub.domain.jsonpath import MISSING, JsonPathError, parse_path
from eventhub.domain.signature import sign
from eventhub.targets import credentials, headers, oauth
from eventhub.targets.exchange import result_of
from eventhub.targets.handle import BODILESS
from eventhub.targets.http import Reply, Request
from eventhub.targets.kind import CallError, Errand, Field, FieldType, HttpKind, Order, Result
from eventhub.targets.verdict import Fault
from eventhub.targets.webhook import EXPECT, USER_AGENT, attributes

METHODS = ("POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")


def _check_headers(value: Mapping[str, str]) -> None:
    headers.check_headers(value, may={"content-type"})
    _check_values(value)


def _check_values(value: Any) -> None:
    for text in value.values() if isinstance(value, Mapping) else value:
        if text.startswith("$"):
            try:
                parse_path(text)
            except JsonPathError as error:
                raise ValueError(f"{text[:64]}: {error}") from error


class ApiDestinationKind(HttpKind):
    """A request to an API destination's endpoint."""

    name = "api-destination"
    title = "API destination"
    summary = "Calls an HTTP endpoint with a method, path parameters and a connection's credentials."
    fields = (
        Field(
            "endpoint",
            "Endpoint",
            "The URL; each * in it takes one of the path parameters.",
            FieldType.URL,
            required=True,
            example="https://api.example.com/orders/*",
        ),
        Field("method", "Method", "The HTTP method.", FieldType.CHOICE, default="POST", choices=METHODS),
        Field(
            "path_parameters",
            "Path parameters",
            "One for each * of the endpoint; $.detail.… takes it from the event.",
            FieldType.TEXTS,
            example='["$.detail.order.id"]',
            check=_check_values,
        ),
        Field(
            "headers",
            "Headers",
            "Added to every request; $.detail.… takes a value from the event.",
            FieldType.PAIRS,
            example='{"X-Shop": "$.detail.shop"}',
            check=_check_headers,
        ),
        Field(
            "query",
            "Query",
            "Added to the URL; $.detail.… takes a value from the event.",
            FieldType.PAIRS,
            example='{"notify": "yes"}',
            check=_check_values,
        ),
    )
    given = ("connection", "rate_per_second")

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return method and endpoint."""
        return f"{settings.get('method', 'POST')} {settings.get('endpoint', '')}"

    def check(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Refuse another number of path parameters than the endpoint takes, and a host with a ``*``."""
        endpoint = settings["endpoint"]
        if "*" in urlsplit(endpoint).netloc:
            return {"endpoint": "wanted * only after the host"}
        wanted, found = endpoint.count("*"), len(settings.get("path_parameters", ()))
        if wanted != found:
            return {"path_parameters": f"wanted {wanted}, one for each * of the endpoint, found {found}"}
        return {}

    def request(self, order: Order) -> Request | Errand:
        """Return the request, or what fetches its token."""
        settings = order.settings
        connection = settings.get("connection")
        token = oauth.token_or_errand(connection, order)
        if isinstance(token, Errand):
            return token
        values = _Values(order)
        method = settings.get("method", "POST")
        body = b"" if method in BODILESS else credentials.with_body(connection, order.body)
        own = values.of_all(settings.get("headers", {}))
        named = [USER_AGENT, *([("Content-Type", order.content_type)] if body else []), *order.headers]
        named = [one for one in named if one[0].lower() not in {name.lower() for name in own}]
        named += [(name, headers.one_line(value)) for name, value in own.items()]
        url = credentials.with_query(
            _filled(
                settings["endpoint"], [values.required(text) for text in settings.get("path_parameters", ())]
            ),
            values.of_all(settings.get("query", {})),
        )
        applied = credentials.apply(connection, token, url, named)
        sent = [*applied.headers, *sign(order.message_id, order.now // 1_000_000, body, ())]
        return Request(
            applied.url,
            [*headers.lines([*sent, *headers.beside(sent, attributes(order))]), EXPECT],
            body,
            order.timeout_seconds,
            method=method,
            connect_timeout_seconds=order.connect_timeout_seconds,
            shown_url=applied.shown_url,
            secrets=applied.secrets,
            token=token,
        )

    def again(self, order: Order, request: Request, reply: Reply) -> bool:
        """Go on with a fresh token if the receiver refused this one."""
        return oauth.refused(order.settings.get("connection"), request, reply)

    def result(self, order: Order, request: Request, reply: Reply) -> Result:
        """Judge the reply."""
        return result_of(order, request, reply)


class _Values:
    """What an order's settings say, with paths looked up in its event."""

    def __init__(self, order: Order) -> None:
        self._order = order

    @cached_property
    def _event(self) -> Any:
        return jsontext.decode(self._order.event.envelope)

    def of_all(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Return the values; those that are not in the event are left out."""
        found = {name: self._find(text) for name, text in texts.items()}
        return {name: value for name, value in found.items() if value is not None}

    def required(self, text: str) -> str:
        """Return a value that makes a step of a path; raises CallError if there is none."""
        value = self._find(text)
        # Dots alone would be read as a step upwards, even percent-encoded.
        if value is None or value in ("", ".", ".."):
            what = "is not in the event" if value is None else f"is {value!r}, which is no part of a path"
            raise CallError.of(Fault.INVALID, f"path parameter {text} {what}")
        return value

    def _find(self, text: str) -> str | None:
        if not text.startswith("$"):
            return text
        value = parse_path(text).find(self._event)
        if value is MISSING or value is None:
            return None
        if isinstance(value, str):
            return value
        encoded = jsontext.encode(value)
        return encoded.decode() if isinstance(encoded, bytes) else encoded


def _filled(endpoint: str, values: list[str]) -> str:
    first, *rest = endpoint.split("*")
    return first + "".join(quote(value, safe="") + part for value, part in zip(values, rest, strict=True))
