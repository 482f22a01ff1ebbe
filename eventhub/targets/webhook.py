"""The webhook kind: an HTTP POST of the event, as Standard Webhooks and CloudEvents have it.

Each request carries ``webhook-id``, the same in every attempt, and ``webhook-timestamp``, the attempt's; with
signing secrets also ``webhook-signature``. With ``handshake``, the receiver is asked for its consent first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from eventhub import __version__
from eventhub.domain.hosts import check_host
from eventhub.domain.signature import SecretError, SigningSecret, parse_secret, sign
from eventhub.targets import credentials, handshake, headers, oauth
from eventhub.targets.exchange import result_of
from eventhub.targets.http import Reply, Request
from eventhub.targets.kind import Errand, Field, FieldType, HttpKind, Order, Result

USER_AGENT = ("User-Agent", f"Eventhub/{__version__}")
EXPECT = "Expect:"  # an empty value keeps libcurl from asking before it sends more than 1 MiB
CONSENTS = handshake.Consents()


class WebhookKind(HttpKind):
    """A POST to a URL, signed as Standard Webhooks if there are secrets."""

    name = "webhook"
    title = "Webhook"
    summary = "POSTs each event to a URL, signed if you like."
    fields = (
        Field(
            "url",
            "URL",
            "Where each event is POSTed.",
            FieldType.URL,
            required=True,
            example="https://example.com/events",
        ),
        Field(
            "headers",
            "Headers",
            "Added to every request. For credentials use a connection: these are shown to everyone.",
            FieldType.PAIRS,
            example='{"X-Shop": "north"}',
            check=headers.check_headers,
        ),
        Field(
            "handshake",
            "Ask for consent",
            "Ask the receiver by OPTIONS before the first delivery, as the CloudEvents webhook specification "
            "has it.",
            FieldType.BOOLEAN,
            default=False,
        ),
        Field(
            "origin",
            "Origin",
            "The name under which to ask, which deliveries then carry as WebHook-Request-Origin. Left empty, "
            "it is the host of Eventhub's public address.",
            example="events.example.com",
            check=check_host,
        ),
    )
    # ``signing``: a list of {"secret": "whsec_…" or "whsk_…", "until": microseconds, absent for the newest};
    # ``rate_per_second``: the target's limit, which the handshake announces; ``origin`` if none is set.
    given = ("signing", "connection", "rate_per_second")

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the URL."""
        return str(settings.get("url", ""))

    def check(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Refuse secrets that cannot sign."""
        wrong = {}
        for one in settings.get("signing", ()):
            try:
                parse_secret(one["secret"])
            except SecretError as error:
                wrong["signing"] = str(error)
        return wrong

    def request(self, order: Order) -> Request | Errand:
        """Return the POST, or what must come first: a token, or the receiver's consent."""
        settings = order.settings
        connection = settings.get("connection")
        token = oauth.token_or_errand(connection, order)
        if isinstance(token, Errand):
            return token
        body = credentials.with_body(connection, order.body)
        asks = settings.get("handshake", False)
        named = [
            USER_AGENT,
            ("Content-Type", order.content_type),
            *order.headers,
            *settings.get("headers", {}).items(),
        ]
        named += headers.beside(named, attributes(order))
        if asks:
            named.append((handshake.REQUEST_ORIGIN, settings["origin"]))
        applied = credentials.apply(connection, token, settings["url"], named)
        signed = sign(order.message_id, order.now // 1_000_000, body, signing(order))
        request = Request(
            applied.url,
            [*headers.lines([*applied.headers, *signed]), EXPECT],
            body,
            order.timeout_seconds,
            connect_timeout_seconds=order.connect_timeout_seconds,
            shown_url=applied.shown_url,
            secrets=applied.secrets,
            token=token,
        )
        return (_asked(order, request) if asks else None) or request

    def again(self, order: Order, request: Request, reply: Reply) -> bool:
        """Go on with a fresh token if the receiver refused this one."""
        return oauth.refused(order.settings.get("connection"), request, reply)

    def result(self, order: Order, request: Request, reply: Reply) -> Result:
        """Judge the reply."""
        return result_of(order, request, reply)


def signing(order: Order) -> list[SigningSecret]:
    """Return the secrets that sign at the attempt's moment, in the order in which they are given."""
    return [
        _parsed(one["secret"])
        for one in order.settings.get("signing", ())
        if one.get("until") is None or one["until"] > order.now
    ]


@lru_cache(maxsize=1024)
def _parsed(text: str) -> SigningSecret:
    # Reading an Ed25519 key takes 60 µs, more than the signature.
    return parse_secret(text)


def attributes(order: Order) -> Sequence[tuple[str, str]]:
    """Return the headers that an event brings along.

    They are its traces, X-Ray's and W3C's, and those that tell a dead-letter target why it gets the event:
    ``eventhub-error-code: …``.
    """
    xray = order.traces.xray
    return [
        *([("X-Amzn-Trace-Id", headers.one_line(xray))] if xray else []),
        *order.traces.w3c,
        *(
            (f"eventhub-{name.lower().replace('_', '-')}", headers.one_line(value))
            for name, value in order.attributes.items()
        ),
    ]


def _asked(order: Order, request: Request) -> Errand | None:
    origin, rate = order.settings["origin"], order.settings.get("rate_per_second")
    minute = max(1, int(rate * 60)) if rate else None
    named = [USER_AGENT, (handshake.REQUEST_ORIGIN, origin)]
    if minute is not None:
        named.append((handshake.REQUEST_RATE, str(minute)))
    authorised = credentials.apply(order.settings.get("connection"), request.token, "", named)
    asking = replace(request, method="OPTIONS", headers=headers.lines(authorised.headers), body=b"")
    return CONSENTS.errand(asking, origin, minute, now=order.now)
