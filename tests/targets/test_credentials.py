"""Connections, OAuth tokens and API destinations against a real receiver."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from eventhub.targets import pinned
from eventhub.targets.api_destination import ApiDestinationKind
from eventhub.targets.credentials import Credentials, check_connection, secret_texts
from eventhub.targets.kind import CallError, Result
from eventhub.targets.kinds import check_settings
from eventhub.targets.mask import masked
from eventhub.targets.outbound import Outbound, attempt
from eventhub.targets.verdict import Decision
from eventhub.targets.webhook import WebhookKind
from tests import receiver as answers
from tests.certificates import make_certificate, tls_before
from tests.receiver import Answer, Received, Receiver
from tests.targets.test_outbound import LOOPBACK, order, sent
from tests.until import until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_basic_credentials_are_sent_and_not_kept(receiver: Receiver):
    receiver.answers = lambda received: answers.ok(received.headers["authorization"].encode())

    result = sent(
        receiver, {"connection": Credentials("basic", {"user_name": "u"}, {"password": "hunter22"})}
    )

    encoded = base64.b64encode(b"u:hunter22").decode()
    assert receiver.requests[0].headers["authorization"] == f"Basic {encoded}"
    assert encoded not in str(result)
    assert "hunter22" not in str(result)


def test_an_api_key_and_a_bearer_token_are_sent(receiver: Receiver):
    sent(receiver, {"connection": Credentials("api-key", {"header": "X-Key"}, {"key": "k1"})})
    sent(receiver, {"connection": Credentials("bearer", {}, {"token": "t1"})})

    assert receiver.requests[0].headers["x-key"] == "k1"
    assert receiver.requests[1].headers["authorization"] == "Bearer t1"


def test_a_connection_adds_headers_query_and_body_and_masks_the_secret_ones(receiver: Receiver):
    receiver.answers = lambda received: answers.ok(received.path.encode() + received.body)
    connection = Credentials(
        "api-key",
        {"header": "X-Key", "headers": {"X-Shop": "north"}, "query": {"v": "2"}, "body": {"tenant": "t"}},
        {"key": "key-secret", "query": {"sig": "query/secret"}, "body": {"pin": "body-secret"}},
    )

    result = sent(receiver, {"connection": connection, "headers": {"x-shop": "south"}})

    [received] = receiver.requests
    assert received.path == "/hook?v=2&sig=query%2Fsecret"
    assert received.headers["x-shop"] == "north"
    assert received.json == {"id": "7", "tenant": "t", "pin": "body-secret"}
    assert str(result.request["url"]).endswith("/hook?v=2&sig=•••")
    for secret in ("key-secret", "query/secret", "query%2Fsecret", "body-secret"):
        assert secret not in str(result)


def test_body_members_need_an_object(receiver: Receiver):
    connection = Credentials("bearer", {"body": {"a": "b"}}, {"token": "t1"})

    result = sent(receiver, {"connection": connection}, body=b"[1]")

    assert (result.verdict.decision, result.verdict.fault) == (Decision.GIVE_UP, "ours")
    assert receiver.requests == []


def oauth(receiver: Receiver, *, secret: str = "client-secret", **config: str) -> Credentials:
    return Credentials(
        "oauth-client-credentials",
        {"client_id": "me", "token_url": receiver.url("/token"), **config},
        {"client_secret": secret},
    )


def issuing(
    *, valid: Callable[[str], bool] = lambda _token: True, **members: object
) -> Callable[[Received], Answer]:
    """Answer a token with the number of tokens so far, and 401 to the hook unless the token is valid."""
    issued: list[int] = []

    def answer(received: Received) -> Answer:
        if received.path.startswith("/token"):
            issued.append(1)
            said = {"access_token": f"token-{len(issued)}", "token_type": "bearer", "expires_in": 3600}
            return answers.answered(200, json.dumps(said | members).encode(), after=0.05)
        return answers.ok() if valid(received.headers["authorization"]) else answers.status(401)

    return answer


def test_a_token_is_fetched_once_and_used_again(receiver: Receiver):
    receiver.answers = issuing()
    connection = oauth(receiver, scope="events")

    assert [sent(receiver, {"connection": connection}).status for _ in range(3)] == [200] * 3

    [asked] = receiver.on("/token")
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["me"],
        "client_secret": ["client-secret"],
        "scope": ["events"],
    }
    assert {received.headers["authorization"] for received in receiver.on("/hook")} == {"Bearer token-1"}


def test_a_token_is_fetched_over_tls_from_those_alone_whom_the_operator_trusts(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    receiver.answers = issuing()
    pem = make_certificate(tmp_path / "both.pem")
    with tls_before(receiver.port, pem) as port:
        connection = oauth(receiver, token_url=f"https://127.0.0.1:{port}/token")

        strange = sent(receiver, {"connection": connection})
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        trusted = sent(receiver, {"connection": connection})

    assert strange.verdict.fault == "network"
    assert "certificate" in strange.verdict.reason.lower()
    assert trusted.status == 200
    assert [received.path for received in receiver.requests] == ["/token", "/hook"]


def test_the_client_may_be_named_in_a_header_and_the_request_be_a_get(receiver: Receiver):
    receiver.answers = issuing()

    sent(receiver, {"connection": oauth(receiver, client_in="header", method="GET")})

    asked = receiver.requests[0]
    assert (asked.method, asked.path) == ("GET", "/token?grant_type=client_credentials")
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"me:client-secret").decode()


def test_many_attempts_wait_for_one_token(receiver: Receiver):
    receiver.answers = issuing()
    results: list[tuple[int, Result]] = []
    outbound: Outbound[int] = Outbound(LOOPBACK, results.extend, [].extend)
    outbound.start()
    settings = {"url": receiver.url("/hook"), "connection": oauth(receiver)}

    outbound.submit([(number, WebhookKind(), order(settings)) for number in range(20)])
    until(lambda: len(results) == 20, what="twenty results")
    outbound.stop(1)

    assert len(receiver.on("/token")) == 1
    assert {result.status for _number, result in results} == {200}


def test_a_refused_token_is_replaced_within_the_same_attempt(receiver: Receiver):
    receiver.answers = issuing(valid=lambda value: value != "Bearer token-1")

    result = sent(receiver, {"connection": oauth(receiver)})

    assert result.verdict.decision is Decision.DELIVERED
    assert [received.path for received in receiver.requests] == ["/token", "/hook", "/token", "/hook"]
    assert "token-2" not in str(result)


def test_a_fresh_token_that_is_refused_too_ends_the_attempt(receiver: Receiver):
    receiver.answers = issuing(valid=lambda _value: False)

    result = sent(receiver, {"connection": oauth(receiver)})

    assert (result.status, result.verdict.decision) == (401, Decision.GIVE_UP)
    assert len(receiver.on("/hook")) == 2


def test_a_token_is_fetched_anew_when_its_time_is_up(receiver: Receiver):
    receiver.answers = issuing(expires_in=100)
    settings = {"connection": oauth(receiver)}
    now = time.time_ns() // 1000

    for later_seconds in (0, 80, 95):
        sent(receiver, settings, now=now + later_seconds * 1_000_000)

    assert [received.path for received in receiver.requests] == [
        "/token",
        "/hook",
        "/hook",
        "/token",
        "/hook",
    ]


def test_what_the_token_endpoint_says_is_told_without_secrets(receiver: Receiver):
    said = {"error": "invalid_client", "error_description": "client-secret is wrong"}
    receiver.answer("/token", answers.answered(401, json.dumps(said).encode()))

    result = sent(receiver, {"connection": oauth(receiver)})

    assert result.verdict.decision is Decision.RETRY
    assert result.verdict.reason == "token endpoint: answered 401 invalid_client ••• is wrong"
    assert receiver.on("/hook") == []


def test_a_token_endpoint_passes_the_same_guard(receiver: Receiver):
    connection = Credentials(
        "oauth-client-credentials",
        {"client_id": "me", "token_url": "http://169.254.169.254/token"},
        {"client_secret": "s"},
    )

    result = sent(receiver, {"connection": connection})

    assert (result.verdict.decision, result.verdict.fault) == (Decision.GIVE_UP, "ours")
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("auth", "config", "secrets", "path"),
    [
        ("basic", {}, {"password": "p"}, "config.user_name"),
        ("basic", {"user_name": "a:b"}, {"password": "p"}, "config.user_name"),
        ("basic", {"user_name": "a"}, {}, "secrets.password"),
        ("api-key", {"header": "Host"}, {"key": "k"}, "config.header"),
        ("api-key", {"header": "X-Key", "password": "p"}, {"key": "k"}, "config.password"),
        ("bearer", {}, {"token": "a\nb"}, "secrets.token"),
        ("bearer", {"headers": {"Content-Length": "7"}}, {"token": "t"}, "config.headers"),
        ("bearer", {"query": ["x"]}, {"token": "t"}, "config.query"),
        ("oauth-client-credentials", {"client_id": "c", "token_url": "file:///x"}, {"client_secret": "s"},
         "config.token_url"),
        ("oauth-client-credentials", {"client_id": "c", "token_url": "http://x/", "method": "HEAD"},
         {"client_secret": "s"}, "config.method"),
        ("magic", {}, {}, "auth"),
    ],
)  # fmt: skip
def test_a_connection_that_could_not_work_is_refused_by_path(
    auth: str, config: dict[str, object], secrets: dict[str, object], path: str
):
    assert list(check_connection(auth, config, secrets)) == [path]


def test_a_connection_that_works_passes():
    assert check_connection("basic", {"user_name": "u", "query": {"v": "2"}}, {"password": "p"}) == {}


def called(receiver: Receiver, settings: dict[str, object], envelope_detail: object = None) -> Result:
    made = order(
        {"endpoint": receiver.url("/orders/*/items"), "path_parameters": ["$.detail.id"], **settings}
    )
    event = made.event
    body = json.dumps(
        {"id": "7", "detail": envelope_detail or {"id": "a/b ?#ü", "shop": "n\u00f6rd\r\nX: y"}}
    ).encode()
    facts = type(event)(event.id, event.bus, event.source, event.detail_type, body)
    return attempt(ApiDestinationKind(), order(made.settings, body=body, event=facts), LOOPBACK)


def test_path_parameters_are_percent_encoded(receiver: Receiver):
    result = called(receiver, {"method": "PUT", "query": {"n": "$.id", "gone": "$.detail.none"}})

    [received] = receiver.requests
    assert (received.method, received.path) == ("PUT", "/orders/a%2Fb%20%3F%23%C3%BC/items?n=7")
    assert received.json["id"] == "7"
    assert result.status == 200


def test_headers_from_the_event_stay_in_their_line(receiver: Receiver):
    called(receiver, {"headers": {"X-Shop": "$.detail.shop", "Content-Type": "text/plain"}})

    [received] = receiver.requests
    assert received.headers["x-shop"] == "n%C3%B6rd%0D%0AX: y"
    assert received.headers["content-type"] == "text/plain"
    assert "x" not in received.headers


@pytest.mark.parametrize("value", ["..", ".", "", None])
def test_a_path_parameter_that_is_no_part_of_a_path_gives_up(receiver: Receiver, value: object):
    result = called(receiver, {}, {"id": value, "more": 1})

    assert (result.verdict.decision, result.verdict.fault) == (Decision.GIVE_UP, "ours")
    assert receiver.requests == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_some_methods_have_no_body(receiver: Receiver, method: str):
    if method == "HEAD":
        head = Answer((b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",))
        receiver.answers = lambda _received: head

    result = called(receiver, {"method": method})

    [received] = receiver.requests
    assert (received.method, received.body) == (method, b"")
    assert "content-type" not in received.headers
    assert (result.status, result.verdict.decision) == (200, Decision.DELIVERED)


def test_the_number_of_path_parameters_is_checked_at_saving():
    kind = ApiDestinationKind()

    assert check_settings(kind, {"endpoint": "http://x/*", "path_parameters": ["1"]}) == {}
    assert list(check_settings(kind, {"endpoint": "http://x/*"})) == ["path_parameters"]
    assert list(check_settings(kind, {"endpoint": "http://x/*", "path_parameters": ["$["]})) == [
        "path_parameters"
    ]


def test_a_name_that_changes_its_mind_is_checked_at_every_connection(receiver: Receiver):
    receiver.answer("/hook", Answer(answers.ok().chunks, then="close"))
    asked: list[str] = []

    def guard(address: str) -> str | None:
        asked.append(address)
        return None if len(asked) == 1 else f"{address} is a loopback address"

    results: list[tuple[int, Result]] = []
    outbound: Outbound[int] = Outbound(guard, results.extend, [].extend)
    outbound.start()
    for number in range(2):
        outbound.submit([(number, WebhookKind(), order({"url": receiver.url("/hook")}))])
        until(lambda wanted=number + 1: len(results) == wanted)
        until(lambda: receiver.open_connections == 0)
    outbound.stop(0)

    assert results[0][1].status == 200
    assert (results[1][1].verdict.decision, results[1][1].verdict.fault) == (Decision.GIVE_UP, "ours")


def test_a_pinned_address_is_the_one_that_was_checked(monkeypatch: pytest.MonkeyPatch):
    found = [["93.184.215.14"], ["127.0.0.1"], ["93.184.215.14", "10.0.0.1"]]

    def lookup(_host: str, port: int, **_options: object) -> list[object]:
        return [(2, 1, 6, "", (address, port)) for address in found.pop(0)]

    monkeypatch.setattr(pinned.socket, "getaddrinfo", lookup)

    def guard(address: str) -> str | None:
        return None if address.startswith("93.") else f"{address} is a private address"

    assert pinned.resolve("rebinding.example", 6379, guard) == "93.184.215.14"
    for _ in range(2):
        with pytest.raises(CallError, match="EVENTHUB_ALLOWED_NETWORKS does not allow it"):
            pinned.resolve("rebinding.example", 6379, guard)


@pytest.mark.parametrize(
    "host", ["0x7f.1", "0177.0.0.1", "2130706433", "::ffff:127.0.0.1", "0.0.0.0", "localhost"]
)
def test_a_pinned_address_is_checked_in_every_spelling(host: str):
    from eventhub.domain.addresses import AddressGuard

    with pytest.raises(CallError, match="not reached"):
        pinned.resolve(host, 6379, AddressGuard())


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ('s3cr3t"quo\te x', '{"key": "s3cr3t\\"quo\\te x"}'),
        ("pin42", '{"key": "pin42"}'),
        ("schlüssel", '{"key": "schl\\u00fcssel"}'),
        ("abC/def+ghi==", '{"key": "abC\\/def+ghi=="}'),
        ("abC/def+ghi==", '{"key": "abC\\u002Fdef\\u002Bghi=="}'),
        ("abC/def+ghi==", '{"key": "abC%2fdef%2bghi%3d%3d"}'),
    ],
)
def test_a_secret_is_masked_in_json_that_repeats_it(secret: str, said: str):
    connection = Credentials("api-key", {"header": "X-Key"}, {"key": secret})

    assert masked(said, secret_texts(connection)) == '{"key": "•••"}'


def test_an_access_token_is_masked_without_its_scheme():
    connection = Credentials("oauth-client-credentials", {"client_id": "c"}, {"client_secret": "hidden-one"})

    assert masked("invalid token abc-DEF-123", secret_texts(connection, "Bearer abc-DEF-123")) == (
        "invalid token •••"
    )
