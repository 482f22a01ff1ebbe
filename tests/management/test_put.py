"""``manage.py put`` beside a running hub."""

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.management.command import Command, on_a_terminal, running
from tests.management.test_tail import KEYS
from tests.running import Running
from tests.until import until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(180)]


def entry(source: str, number: int = 0, **members: Any) -> str:
    return json.dumps({"source": source, "detail-type": "numbered", "detail": {"n": number}, **members})


def written(path: Path, *lines: str) -> str:
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def events(hub: Running, source: str) -> list[dict[str, Any]]:
    """Return all events of a source."""
    found: list[dict[str, Any]] = []
    address = f"/api/events?source={source}&limit=200"
    while address:
        page = (
            httpx.get(hub.url + address, headers={"Authorization": f"Bearer {hub.key}"})
            .raise_for_status()
            .json()
        )
        found += page["items"]
        address = page["next"]
    return found


def test_a_file_is_put_in_order_and_no_key_is_left(hub: Running, tmp_path: Path) -> None:
    before = hub.manage("shell", "-c", KEYS)
    file = written(tmp_path / "events", "", *(entry("file", number) for number in range(250)), "   ")

    with running(hub, "put", file) as put:
        assert put.ended() == 0

    assert (put.out, put.err) == (["Put 250 events on default."], [])
    found = events(hub, "file")
    assert len(found) == 250
    found.sort(key=lambda one: int(one["position"].partition("-")[2], 16))
    assert [one["key"].partition(":")[2] for one in found] == [str(line) for line in range(2, 252)]
    until(lambda: hub.manage("shell", "-c", KEYS) == before, what="no key to be left")


def test_each_wrong_line_is_named_and_the_others_are_put(hub: Running, tmp_path: Path) -> None:
    wrong = {
        2: ('{"source": "wrong",', "not JSON: "),
        4: ("[1]", "wanted a JSON object"),
        6: (entry("wrong", colour="red"), "colour: unknown member"),
        7: ('{"source": "wrong", "detail-type": "t"}', "detail is required"),
        9: (
            '{"source": "wrong", "source": "wrong", "detail-type": "t", "detail": {}}',
            "source: the same member",
        ),
        11: (entry("wrong", big="x" * 300_000).replace('"big"', '"id"'), "at most 256"),
    }
    lines = [wrong[number][0] if number in wrong else entry("wrong", number) for number in range(1, 13)]

    with running(hub, "put", "--batch", "5", written(tmp_path / "events", *lines)) as put:
        assert put.ended() == 1

    assert put.out == ["Put 6 events on default; 6 lines were not accepted."]
    assert len(put.err) == 6
    for line, (number, (_, said)) in zip(put.err, wrong.items(), strict=True):
        assert line.startswith(f"line {number}: ")
        assert said in line
    assert len(events(hub, "wrong")) == 6


def test_a_pipe_is_put_as_it_comes(hub: Running) -> None:
    with running(hub, "put") as put:
        for number in range(3):
            put.say(entry("pipe", number) + "\n")
            until(lambda wanted=number + 1: len(events(hub, "pipe")) == wanted)
        put.say(entry("pipe", 3))  # the last line has no end
        put.hang_up()
        assert put.ended() == 0

    assert len(events(hub, "pipe")) == 4


def test_the_same_run_again_puts_only_the_rest(hub: Running, tmp_path: Path) -> None:
    lines = [entry("run", number) for number in range(40)]
    with running(hub, "put", "--run", "import-7", written(tmp_path / "half", *lines[:25])) as put:
        assert put.ended() == 0
    with running(hub, "put", "--run", "import-7", "--batch", "7", written(tmp_path / "all", *lines)) as again:
        assert again.ended() == 0

    assert again.out == ["Put 40 events on default (25 of them before)."]
    assert len(events(hub, "run")) == 40


def test_a_hub_that_is_killed_meanwhile_duplicates_and_loses_nothing(hub: Running) -> None:
    with running(hub, "put", "--batch", "10") as put:
        put.say("".join(entry("killed", number) + "\n" for number in range(2000)))
        until(lambda: len(events(hub, "killed")) > 50)
        hub.kill()
        put.say("".join(entry("killed", number) + "\n" for number in range(2000, 2100)))
        put.said("trying again")
        hub.start()
        put.hang_up()
        assert put.ended(seconds=90) == 0

    found = events(hub, "killed")
    assert len(found) == 2100
    assert len({one["key"] for one in found}) == 2100


def test_who_is_away_too_long_is_given_up(hub: Running, tmp_path: Path) -> None:
    file = written(tmp_path / "events", entry("away"))
    put = Command(hub, "put", "--url", "http://127.0.0.1:9", "--patience", "1", file, EVENTHUB_KEY=hub.key)

    assert put.ended() == 2
    assert "given up after 1 s: http://127.0.0.1:9" in put.err[-1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["/nowhere/events"], "/nowhere/events: No such file"),
        (["--bus", "nowhere"], "there is no bus 'nowhere'"),
        (["--batch", "0"], "--batch: wanted 1 to 1000"),
    ],
)
def test_what_cannot_be_put_is_said(hub: Running, options: list[str], said: str) -> None:
    put = Command(hub, "put", "--url", hub.url, *options, stdin=entry("x"))

    assert put.ended() in {1, 2}
    assert said in put.err[-1]


def test_a_key_that_may_not_put_is_told_so(hub: Running, tmp_path: Path) -> None:
    mint = "import django; django.setup(); from eventhub.access.keys import mint; "
    printed = hub.manage(
        "shell", "-c", mint + "key, secret = mint('r', ['events:read']); print(f'={key.pk}.{secret}')"
    )
    key = printed.rpartition("=")[2].strip()
    with running(hub, "put", written(tmp_path / "events", entry("may-not")), EVENTHUB_KEY=key) as put:
        assert put.ended() == 2

    assert "403 Forbidden: This key lacks the scope events:put." in put.err[-1]


def test_ctrl_c_says_how_to_go_on(hub: Running) -> None:
    with running(hub, "put", "--run", "cut") as put:
        put.say(entry("cut") + "\n")
        until(lambda: events(hub, "cut"))
        assert put.interrupt(signal.SIGINT) == 130

    assert put.out == ["Put 1 event on default."]
    assert "--run cut" in put.err[-1]


def test_a_terminal_gets_a_progress_bar(hub: Running, tmp_path: Path) -> None:
    file = written(tmp_path / "events", *(entry("bar", number) for number in range(300)), "not JSON")

    shown = on_a_terminal(hub, "put", file)

    assert "100%|" in shown
    assert "300 events" in shown
    assert "line 301: not JSON" in shown
    assert "Put 300 events on default; 1 line was not accepted." in shown
