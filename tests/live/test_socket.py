"""The socket: who may open it, what it answers to good and bad messages, and how it closes."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connections

from eventhub.access import keys
from eventhub.access.scopes import Scope
from eventhub.journal.sqlite import SqliteJournal
from eventhub.live import consumers
from eventhub.live import hub as hub_module
from eventhub.live.frames import CloseCode
from eventhub.live.hub import Hub
from tests.live.clock import Clock
from tests.live.socket import PUBLIC, Socket
from tests.live.world import World
from tests.people import browser_of, person

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True, databases=["default", "journal"])]


@pytest.fixture
def cookie(world: World) -> str:
    """Sign somebody in, and return the session's key."""
    return browser_of(person("ann")).cookies["sessionid"].value


@pytest.fixture
def key(world: World) -> str:
    """Make a key that may read, and return it as a bearer token."""
    made, secret = keys.mint("reader", [Scope.EVENTS_READ])
    return f"{made.pk}.{secret}"


async def in_thread(work: Any, *args: Any) -> Any:
    """Do something with the database beside the loop."""

    def call() -> Any:
        try:
            return work(*args)
        finally:
            connections.close_all()

    return await asyncio.to_thread(call)


async def test_a_page_says_hello_subscribes_and_sees_an_event(
    world: World, hub: Hub, clock: Clock, cookie: str
) -> None:
    async with Socket(cookie) as socket:
        assert socket.subprotocol == "flow.v1"
        await socket.say(t="hello", caps=["worker"])
        welcome = await socket.hear()
        await socket.say(t="sub", id=2, ch="rows")
        snap = await socket.hear()
        await socket.say(t="ack", n=snap["n"])
        world.accept(1, source="till")
        clock.move(0.1)
        await hub.beat()
        frame = await socket.hear()

    assert (welcome["t"], welcome["user"], welcome["max_inflight"]) == ("welcome", "ann", 2)
    assert (snap["ch"], snap["rows"], snap["pos"]) == ("rows", [], None)
    assert frame["s"][0]["tot"] == [1, 0, 0]
    assert frame["s"][0]["r"][0][2:7] == ["default", "till", "order placed", None, "pending"]


async def test_the_hub_beats_by_itself_within_a_quarter_of_a_second(
    world: World, cookie: str, clock: Clock, hub: Hub
) -> None:
    await hub.start()
    async with Socket(cookie) as socket:
        await socket.say(t="hello")
        await socket.say(t="sub", id=2, ch="rows")
        assert [(await socket.hear())["t"] for _ in range(2)] == ["welcome", "snap"]
        clock.move(1)
        began = asyncio.get_running_loop().time()
        await in_thread(world.accept)
        frame = await socket.hear()
        took = asyncio.get_running_loop().time() - began

    assert frame["s"][0]["tot"][0] == 1
    assert took < 0.25


async def test_a_new_rule_appears_in_the_graph(world: World, cookie: str, clock: Clock, hub: Hub) -> None:
    await hub.start()
    async with Socket(cookie) as socket:
        await socket.say(t="hello")
        await socket.say(t="sub", id=1, ch="flow")
        await socket.hear()
        await socket.say(t="ack", n=(await socket.hear())["n"])
        clock.move(1)

        await in_thread(world.rule, "fresh", world.mail)
        await in_thread(world.keeper.refresh)
        part = (await socket.hear())["s"][0]

    assert [node["label"] for node in part["topo"]["add"]["nodes"]] == ["fresh"]
    assert len(part["topo"]["add"]["edges"]) == 2


@pytest.mark.parametrize(
    ("origin", "host", "welcome"),
    [
        (PUBLIC, "127.0.0.1:8000", True),
        ("http://localhost:8000", "localhost:8000", True),
        ("HTTP://LOCALHOST:8000", "localhost:8000", True),
        (PUBLIC, "localhost:8000", True),
        ("http://localhost:3999", "localhost:8000", False),
        ("https://localhost:8000", "localhost:8000", False),
        ("http://evil.example.com", "127.0.0.1:8000", False),
        ("http://evil.example.com:8000", "evil.example.com:8000", False),  # a rebound name
        ("http://127.0.0.1:8000.evil.example.com", "127.0.0.1:8000", False),
        ("http://user@127.0.0.1:8000", "127.0.0.1:8000", False),
        ("null", "127.0.0.1:8000", False),
        ("", "127.0.0.1:8000", False),
        ("http://127.0.0.1:99999999", "127.0.0.1:8000", False),
        (None, "127.0.0.1:8000", False),
    ],
)
async def test_only_our_own_pages_may_open_it(
    origin: str | None, host: str, welcome: bool, hub: Hub, cookie: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Socket(cookie, origin=origin, host=host) as socket:
        if welcome:
            await socket.say(t="hello")
            assert (await socket.hear())["t"] == "welcome"
        else:
            assert await socket.closed() == CloseCode.FORBIDDEN
            assert "live.origin_denied" in caplog.text


async def test_a_program_opens_it_with_a_key_and_without_an_origin(hub: Hub, key: str) -> None:
    async with Socket(origin=None, bearer=key) as socket:
        await socket.say(t="hello")
        assert (await socket.hear())["user"] == key.partition(".")[0]
    async with Socket(origin="http://evil.example.com", bearer=key) as socket:
        assert await socket.closed() == CloseCode.FORBIDDEN
    async with Socket(origin=None, bearer=f"{key}x") as socket:
        assert await socket.closed() == CloseCode.SIGNED_OUT


async def test_a_key_that_may_only_put_events_may_not_watch(world: World, hub: Hub) -> None:
    made, secret = await in_thread(keys.mint, "writer", [Scope.EVENTS_PUT])
    async with Socket(origin=None, bearer=f"{made.pk}.{secret}") as socket:
        assert await socket.closed() == CloseCode.FORBIDDEN


@pytest.mark.parametrize("cookie_value", ["", "stranger"])
async def test_who_is_not_signed_in_is_told_so(cookie_value: str, world: World, hub: Hub) -> None:
    async with Socket(cookie_value) as socket:
        assert await socket.closed() == CloseCode.SIGNED_OUT


async def test_who_is_deactivated_is_closed_at_the_next_check(
    hub: Hub, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "RECHECK_SECONDS", 0.05)
    async with Socket(cookie) as socket:
        await socket.say(t="hello")
        assert (await socket.hear())["t"] == "welcome"
        await in_thread(lambda: get_user_model().objects.filter(username="ann").update(is_active=False))
        assert await socket.closed() == CloseCode.SIGNED_OUT


async def test_without_the_subprotocol_it_closes(hub: Hub, cookie: str) -> None:
    async with Socket(cookie, subprotocols=("flow.v0",)) as socket:
        assert await socket.closed() == CloseCode.VERSION


async def test_one_user_has_at_most_eight_sockets(hub: Hub, cookie: str) -> None:
    sockets = [Socket(cookie) for _ in range(hub_module.MAX_SESSIONS_EACH)]
    for socket in sockets:
        await socket.__aenter__()
        await socket.say(t="hello")
        await socket.hear()
    async with Socket(cookie) as ninth:
        assert await ninth.closed() == CloseCode.OVERLOAD
    await sockets[0].__aexit__(None, None, None)
    async with Socket(cookie) as again:
        await again.say(t="hello")
        assert (await again.hear())["t"] == "welcome"
    for socket in sockets[1:]:
        await socket.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" ", "not-json"),
        ("{", "not-json"),
        ('{"t":"hello"', "not-json"),
        ("[" * 10_000, "bad-message"),
        ('"\ud800"', "not-json"),
        ("[]", "bad-message"),
        ("null", "bad-message"),
        ("1e999999", "bad-message"),
        ("{}", "unknown-type"),
        ('{"t":"drop","id":4}', "unknown-type"),
        ('{"t":5}', "unknown-type"),
        ('{"t":"sub","id":0,"ch":"flow"}', "bad-message"),
        ('{"t":"sub","id":"1","ch":"flow"}', "bad-message"),
        ('{"t":"sub","id":1}', "bad-message"),
        ('{"t":"sub","id":1,"ch":"payloads"}', "unknown-channel"),
        ('{"t":"sub","id":1,"ch":"rows","q":"type:"}', "bad-filter"),
        ('{"t":"sub","id":1,"ch":"flow","bus":"nowhere"}', "unknown-bus"),
        ('{"t":"sub","id":1,"ch":"event","ev":"1"}', "bad-message"),
        ('{"t":"sub","id":1,"ch":"event"}', "bad-message"),
        ('{"t":"sub","id":1,"ch":"event","ev":"019a0000-0000-7000-8000-000000000000"}', "unknown-event"),
        ('{"t":"unsub","id":7}', "unknown-subscription"),
        ('{"t":"resync","id":7}', "unknown-subscription"),
        ('{"t":"ack","n":7}', "bad-message"),
        ('{"t":"ack","n":-1}', "bad-message"),
        ('{"t":"vis","v":2}', "bad-message"),
        ('{"t":"rate","hz":1000}', "bad-message"),
        (f'{{"t":"hello","tz":"{"x" * 17_000}"}}', "too-large"),
    ],
)
async def test_a_bad_message_gets_an_error_and_the_socket_goes_on(
    text: str, code: str, world: World, hub: Hub, cookie: str
) -> None:
    async with Socket(cookie) as socket:
        await socket.say(t="hello")
        assert (await socket.hear())["t"] == "welcome"
        await socket.say_raw(text=text)
        error = await socket.hear()
        await socket.say(t="sub", id=1, ch="flow")
        snap = await socket.hear()

    assert (error["t"], error["code"]) == ("err", code)
    assert error["msg"]
    assert snap["t"] == "snap"


async def test_binary_and_early_messages_get_an_error(hub: Hub, cookie: str) -> None:
    async with Socket(cookie) as socket:
        await socket.say_raw(data=b"\x00\x01")
        assert (await socket.hear())["code"] == "not-text"
        await socket.say(t="sub", id=3, ch="flow")
        error = await socket.hear()
        assert (error["code"], error["id"]) == ("hello-first", 3)


async def test_too_many_messages_close_the_socket(hub: Hub, cookie: str) -> None:
    async with Socket(cookie) as socket:
        for _ in range(30):
            await socket.say(t="vis", v=1)
        assert await socket.closed() == CloseCode.OVERLOAD


async def test_a_socket_has_at_most_sixteen_subscriptions(
    world: World, hub: Hub, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "MAX_SUBSCRIPTIONS", 2)
    async with Socket(cookie) as socket:
        await socket.say(t="hello")
        for number in (1, 2, 3, 2):
            await socket.say(t="sub", id=number, ch="flow")
        heard = [await socket.hear() for _ in range(4)]

    assert [message["t"] for message in heard] == ["welcome", "snap", "snap", "err"]
    assert (heard[3]["code"], heard[3]["id"]) == ("too-many-subscriptions", 3)


async def test_a_page_that_lost_its_place_gets_a_snap(world: World, hub: Hub, cookie: str) -> None:
    async with Socket(cookie) as socket:
        await socket.say(t="hello")
        await socket.say(t="sub", id=1, ch="flow")
        await socket.hear()
        await socket.say(t="ack", n=(await socket.hear())["n"])
        await socket.say(t="resync", id=1)
        await socket.say(t="unsub", id=9)
        assert (await socket.hear())["code"] == "unknown-subscription"
        await hub.beat()
        snap = await socket.hear()

    assert (snap["t"], snap["why"]) == ("snap", "resync")


async def test_a_stopping_hub_closes_its_sockets(world: World, hub: Hub, cookie: str) -> None:
    async with Socket(cookie) as socket:
        await socket.say(t="hello")
        assert (await socket.hear())["t"] == "welcome"
        await hub.stop()
        assert await socket.closed() == CloseCode.STOPPING


async def test_a_journal_that_cannot_be_read_is_told_once_and_comes_back(
    journal: SqliteJournal,
    world: World,
    hub: Hub,
    clock: Clock,
    cookie: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with Socket(cookie) as socket:
        await hub.start()
        await socket.say(t="hello")
        await socket.say(t="sub", id=2, ch="rows")
        assert [(await socket.hear())["t"] for _ in range(2)] == ["welcome", "snap"]
        journal._readers.close()
        error = await socket.hear()
        journal._readers.open()
        clock.move(1)
        await in_thread(world.accept)
        frame = await socket.hear()

    assert error["code"] == "unavailable"
    assert frame["s"][0]["tot"][0] == 1
    assert caplog.text.count("live.reading_failed") == 1
