"""How a stream ends, and what a reader costs who does not read."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.api.test_stream import blocks, events, of, open_stream, put, url
from tests.domain.pattern.test_pattern_limits import field_in_many_arrays
from tests.postgres import Cluster
from tests.running import Running, running_hub, running_web
from tests.until import until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(180)]

MIB = 2**20
MINT = """
import django; django.setup()
from eventhub.access.keys import mint
key, secret = mint("reader", ["events:read"], rate_per_second={rate})
print(f"key={{key.pk}}.{{secret}}")
"""
CHANGE = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from eventhub.models import ApiKey
key = ApiKey.objects.get(pk={key_id!r})
{change}
key.save()
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_hub(tmp_path_factory.mktemp("ends")) as hub:
        yield hub


def minted(hub: Running, *, rate: float | None = None) -> str:
    printed = hub.manage("shell", "-c", MINT.format(rate=rate))
    return printed.rpartition("key=")[2].strip()


def reading(hub: Running, key: str, bus: str = "default", **query: str) -> Any:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.stream("GET", url(hub, bus=bus), headers=headers, params=query, timeout=30)


def end_of(stream: Iterator[dict[str, str]]) -> str:
    """Return the reason of the end that is said, and see that nothing comes after it."""
    ends = [json.loads(block["data"]) for block in stream if block.get("event") == "end"]
    assert len(ends) == 1, ends
    assert ends[0]["message"]
    reason: str = ends[0]["reason"]
    return reason


@pytest.mark.parametrize(
    "change", ["key.enabled = False", "key.expires_at = timezone.now() + timedelta(seconds=1)"]
)
def test_a_key_that_is_revoked_or_expires_ends_its_stream(hub: Running, change: str) -> None:
    key = minted(hub)
    with reading(hub, key) as answer:
        stream = blocks(answer)
        next(stream)
        hub.manage("shell", "-c", CHANGE.format(key_id=key.partition(".")[0], change=change))
        changed_at = time.monotonic()

        assert end_of(stream) == "forbidden"
    assert time.monotonic() - changed_at < 8


def test_looking_at_a_key_again_counts_no_request_of_its_rate(hub: Running) -> None:
    key = minted(hub, rate=0.01)
    with reading(hub, key, pattern=of("rated")) as answer:
        stream = blocks(answer)
        next(stream)
        until(lambda: time.monotonic() > began + 2.5, what="two looks") if (
            began := time.monotonic()
        ) else None
        put(hub, 1, source="rated")

        assert events(stream, 1)[0][1]["detail"] == {"n": 1}


def test_a_deleted_bus_ends_its_streams(hub: Running) -> None:
    headers = {"Authorization": f"Bearer {hub.key}"}
    httpx.post(f"{hub.url}/api/buses", headers=headers, json={"name": "short"}).raise_for_status()
    until(lambda: httpx.get(url(hub, "events", "short"), headers=headers).status_code == 200)
    with open_again(lambda: reading(hub, hub.key, bus="short")) as answer:
        stream = blocks(answer)
        next(stream)
        httpx.delete(f"{hub.url}/api/buses/short", headers=headers).raise_for_status()

        assert end_of(stream) == "bus-deleted"


@contextmanager
def open_again(opening: Any) -> Iterator[httpx.Response]:
    """Open a stream as soon as its bus is known everywhere."""
    end = time.monotonic() + 10
    while True:
        with opening() as answer:
            if answer.status_code == 200 or time.monotonic() > end:
                yield answer
                return


def test_an_event_that_the_pattern_is_too_complex_for_is_told(hub: Running) -> None:
    _, event = field_in_many_arrays(arrays=10, fields=55)
    names = {f"f{number:02}": [1] for number in range(55)}
    with open_stream(hub, pattern=json.dumps({"detail.a.b.c.d.e": names})) as answer:
        stream = blocks(answer)
        next(stream)
        entry = {"source": "maze", "detail-type": "maze", "detail": event}
        posted = httpx.post(url(hub, "events"), headers={"Authorization": f"Bearer {hub.key}"}, json=entry)
        told = next(block for block in stream if "data" in block)

    assert told["event"] == "skipped"
    assert json.loads(told["data"])["event"] == posted.json()["entries"][0]["id"]


def test_a_cloudevent_is_written_as_it_came(hub: Running) -> None:
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/as-it-came",
        "type": "t",
        "ext": 7,
        "data": [1, None],
    }
    with open_stream(hub, pattern=of("/as-it-came"), format="cloudevents") as answer:
        stream = blocks(answer)
        next(stream)
        httpx.post(
            url(hub, "cloudevents"),
            headers={"Authorization": f"Bearer {hub.key}", "Content-Type": "application/cloudevents+json"},
            content=json.dumps(event),
        ).raise_for_status()
        [(_, written)] = events(stream, 1)

    assert written == event


def resident_bytes(hub: Running) -> int:
    status = Path(f"/proc/{hub.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
def test_readers_that_never_read_cost_little_and_are_let_go(tmp_path: Path, server: str) -> None:
    count = 4
    with running_hub(tmp_path, server=server) as hub:
        large = [{"source": "large", "detail-type": "t", "detail": {"text": "x" * 262_000}}]
        headers = {"Authorization": f"Bearer {hub.key}"}
        with httpx.Client(headers=headers) as client:
            for _ in range(120):
                client.post(url(hub, "events"), json=large).raise_for_status()
        before = resident_bytes(hub)
        asked = urlencode({"start": "2020-01-01T00:00:00Z", "pattern": of("large")})
        lines = [
            f"GET /api/buses/default/stream?{asked} HTTP/1.1",
            "Host: h",
            f"Authorization: Bearer {hub.key}",
        ]
        request = "\r\n".join([*lines, "", ""])
        silent = []
        for _ in range(count):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", hub.port))
            connection.sendall(request.encode())
            silent.append(connection)
        over = time.monotonic() + 9.5  # the servers' patience is 8 s
        most = before

        def watched() -> bool:
            nonlocal most
            most = max(most, resident_bytes(hub))
            return time.monotonic() > over

        until(watched, seconds=20)
        grown = (most - before) / MIB / count
        print(f"{server}: {grown:.1f} MiB a reader that never reads, events of 256 KB")
        received = [drained(connection) for connection in silent]

        assert grown < 6, grown
        if server == "daphne":  # the last words are behind what was sent, for who reads on
            assert any(b'"reason":"too-slow"' in text for text in received)
        assert all(len(text) < 3 * MIB for text in received)
        # Their places are free again.
        with httpx.Client(headers=headers, timeout=20) as client:
            held = [client.send(client.build_request("GET", url(hub)), stream=True) for _ in range(8)]
            assert [answer.status_code for answer in held] == [200] * 8
            for answer in held:
                answer.close()


def drained(connection: socket.socket) -> bytes:
    """Read what is left until the other side ends it."""
    connection.settimeout(5)
    parts = []
    try:
        while part := connection.recv(65_536):
            parts.append(part)
    except (ConnectionError, TimeoutError):
        pass
    connection.close()
    return b"".join(parts)


def test_on_postgres_streams_resume_by_position_and_end_when_it_is_away(
    tmp_path: Path, postgres_url: str, postgres_cluster: Cluster
) -> None:
    env = {"EVENTHUB_DATABASE_URL": postgres_url}
    with running_web(tmp_path / "a", **env) as web, running_web(tmp_path / "b", **env) as other:
        numbers = range(40)
        with open_stream(web, pattern=of("pg")) as answer:
            stream = blocks(answer)
            next(stream)
            for number in numbers:  # by turns, so that both write
                put((web, other)[number % 2], number, source="pg")
            first = events(stream, 10)
        xid, _, seq = first[-1][0].partition("-")
        assert int(xid, 16) > 0
        assert int(seq, 16) > 0

        with open_stream(other, last=first[-1][0], pattern=of("pg")) as answer:
            rest = events(blocks(answer), 30)
        assert sorted(envelope["detail"]["n"] for _, envelope in first + rest) == list(numbers)

        moment = first[0][1]["time"]
        with open_stream(other, start=moment, pattern=of("pg")) as answer:
            again = events(blocks(answer), 40)
        assert [envelope["id"] for _, envelope in again] == [envelope["id"] for _, envelope in first + rest]

        with open_stream(web) as answer:
            stream = blocks(answer)
            next(stream)
            postgres_cluster.stop()
            try:
                assert end_of(stream) == "unavailable"
                refused = httpx.get(url(web), headers={"Authorization": f"Bearer {web.key}"}, timeout=30)
            finally:
                postgres_cluster.start()
        assert refused.status_code == 503
        assert refused.headers["retry-after"]
        assert refused.json()["type"] == "urn:eventhub:problem:unavailable"
