"""``manage.py tail`` beside a running hub."""

import json
import signal
from typing import Any

import httpx
import pytest

from tests.management.command import Command, on_a_terminal, running
from tests.running import Running
from tests.until import until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(180)]

KEYS = """
import django; django.setup()
from eventhub.models import ApiKey
print("keys:", *ApiKey.objects.filter(name__startswith="manage.py").values_list("pk", flat=True))
"""


def put(hub: Running, *numbers: int, source: str, **members: Any) -> list[str]:
    entries = [{"source": source, "detail-type": "numbered", "detail": {"n": n}, **members} for n in numbers]
    headers = {"Authorization": f"Bearer {hub.key}"}
    answer = httpx.post(f"{hub.url}/api/buses/default/events", headers=headers, json=entries)
    return [entry["id"] for entry in answer.raise_for_status().json()["entries"]]


def of(source: str) -> str:
    return json.dumps({"source": [source]})


def numbers(lines: list[str]) -> list[int]:
    return [json.loads(line)["detail"]["n"] for line in lines]


def test_events_are_printed_a_line_each_until_ctrl_c_and_no_key_is_left(hub: Running) -> None:
    keys = hub.manage("shell", "-c", KEYS)  # others' of the same hub
    [before] = put(hub, 1, source="till")
    with running(hub, "tail", "--since", before, "--pattern", of("till")) as tail:
        ids = put(hub, 2, 3, source="till")
        lines = tail.lines(2)
        status = tail.interrupt()

    assert [line.split(" ", 3)[2:] for line in lines] == [
        [identifier, f'till numbered {{"n":{n}}}'] for identifier, n in zip(ids, (2, 3), strict=True)
    ]
    assert (status, tail.err) == (0, [])
    assert hub.manage("shell", "-c", KEYS) == keys


def test_json_is_the_envelope_in_one_line(hub: Running) -> None:
    body = b'{"source": "laid-out", "detail-type": "t", "detail": {\n"price": 1.50,\r\n "big": 1e400}}'
    headers = {"Authorization": f"Bearer {hub.key}"}
    httpx.post(f"{hub.url}/api/buses/default/events", headers=headers, content=body).raise_for_status()
    with running(hub, "tail", "--json", "--since", "1h", "--pattern", of("laid-out")) as tail:
        [line] = tail.lines(1)

    assert '"detail":{ "price": 1.50,' in line
    assert '"big": 1e400}' in line
    assert json.loads(line)["source"] == "laid-out"


def test_a_killed_hub_loses_no_event_of_a_tail(hub: Running) -> None:
    [before] = put(hub, 0, source="lossless")
    with running(hub, "tail", "--json", "--since", before, "--pattern", of("lossless")) as tail:
        put(hub, *range(1, 41), source="lossless")
        tail.lines(20)
        hub.kill()
        tail.said("interrupted, trying again")
        hub.start()
        put(hub, *range(41, 61), source="lossless")
        lines = tail.lines(60)
        tail.said("connected again")
        assert tail.interrupt(signal.SIGTERM) == 0

    assert numbers(lines) == list(range(1, 61))


def test_a_stopped_hub_is_waited_for(hub: Running) -> None:
    [before] = put(hub, 0, source="stopped")
    with running(hub, "tail", "--json", "--since", before, "--pattern", of("stopped")) as tail:
        put(hub, 1, source="stopped")
        tail.lines(1)
        hub.stop()
        tail.said("the server stops")
        hub.start()
        put(hub, 2, source="stopped")

        assert numbers(tail.lines(2)) == [1, 2]


def test_a_key_that_was_removed_is_made_again(hub: Running) -> None:
    [before] = put(hub, 0, source="renewed")
    with running(hub, "tail", "--json", "--since", before, "--pattern", of("renewed")) as tail:
        put(hub, 1, source="renewed")
        tail.lines(1)
        remove = "import django; django.setup(); from eventhub.models import ApiKey; ApiKey.objects.filter("
        hub.manage("shell", "-c", remove + "name='manage.py tail').delete()")
        tail.said("made another")
        put(hub, 2, source="renewed")

        assert numbers(tail.lines(2)) == [1, 2]


def test_a_reader_of_its_output_that_goes_ends_it(hub: Running) -> None:
    [before] = put(hub, 0, source="head")
    with running(hub, "tail", "--since", before, "--pattern", of("head")) as tail:
        put(hub, 1, source="head")
        tail.lines(1)
        assert tail.process.stdout
        # As `head -1` does: what comes next has nobody to read it.
        tail.process.send_signal(signal.SIGSTOP)
        tail.process.send_signal(signal.SIGCONT)
        put(hub, 2, source="head")
        assert tail.interrupt() == 0

    assert not any("Traceback" in line for line in tail.err)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pattern", '{"source": "x"}'], "400 Bad Request: The pattern is not valid: "),
        (["--since", "yesterday"], "start: wanted"),
        (["--bus", "nowhere"], "there is no bus 'nowhere'"),
        (["--key", "EHAAAAAAAAAAAAAAAA.wrong"], "401 Unauthorized: These credentials are not valid"),
    ],
)
def test_what_cannot_be_followed_is_said(hub: Running, options: list[str], said: str) -> None:
    with running(hub, "tail", *options) as tail:
        assert tail.ended() == 1
    assert said in tail.err[-1]


def test_no_key_is_made_for_a_stranger(hub: Running) -> None:
    keys = hub.manage("shell", "-c", KEYS)
    tail = Command(hub, "tail", "--url", "https://events.example.com")

    assert tail.ended() == 1
    assert "a key with the scope events:read is needed for https://events.example.com" in tail.err[-1]
    assert hub.manage("shell", "-c", KEYS) == keys


def test_nobody_there_is_said(hub: Running) -> None:
    tail = Command(hub, "tail", "--url", "http://127.0.0.1:9", EVENTHUB_KEY=hub.key)

    assert tail.ended() == 1
    assert "no Eventhub answers at http://127.0.0.1:9" in tail.err[-1]


def test_a_terminal_gets_colours_and_its_own_width(hub: Running) -> None:
    before = hub.manage("shell", "-c", KEYS)
    put(hub, 1, source="wide", detail={"text": "x" * 300, "esc": "\x1b[2J"})

    shown = on_a_terminal(hub, "tail", "--since", "1h", "--pattern", of("wide"), columns=120, until_shown="…")

    line = next(line for line in shown.splitlines() if "wide numbered" in line)
    assert "\x1b[1mwide numbered\x1b[0m" in line
    plain = line
    for code in ("\x1b[36m", "\x1b[1m", "\x1b[0m"):
        plain = plain.replace(code, "")
    assert "\x1b" not in plain
    assert len(plain.rstrip()) == 120
    until(lambda: hub.manage("shell", "-c", KEYS) == before)
