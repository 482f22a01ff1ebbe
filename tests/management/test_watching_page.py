"""The page about watching says what is true: its commands run, every option and reason is there."""

import html
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from eventhub.api.stream import asked, blocks, reader, streams
from eventhub.domain.payload import PayloadFormat
from eventhub.management.client import follow
from tests.management.command import running
from tests.management.test_put import entry, events
from tests.management.test_tail import put
from tests.receiver import Receiver
from tests.running import Running

PAGE = html.unescape(Path("templates/docs/events/watching.html").read_text())
COMMANDS = re.findall(r'<pre class="command"><code>(.*?)</code>', PAGE)
NAMES = ["tail", "forward", "put"]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_described(name: str) -> None:
    command = load_command_class("eventhub", name)
    usual = {
        option for action in BaseCommand().create_parser("", "")._actions for option in action.option_strings
    }
    options = {
        option
        for action in command.create_parser("manage.py", name)._actions
        for option in action.option_strings
        if option not in usual
    }

    assert len(options) > 4
    assert {option for option in options if f"{option}" not in PAGE} == set()


def test_parameters_formats_and_reasons_are_those_of_the_code() -> None:
    assert all(f"<code>{name}</code></th>" in PAGE for name in asked.PARAMETERS)
    assert all(f"<code>{name}</code>" in PAGE for name in [*asked.FORMATS, *PayloadFormat])
    said = set(re.findall(r'EndedError\(\s*"([a-z-]+)"', Path(reader.__file__).read_text()))
    reasons = dict(re.findall(r"<code>([a-z-]+)</code></th><td>.*?</td><td>(yes|no)", PAGE))
    assert set(reasons) == said
    assert {reason for reason, resume in reasons.items() if resume == "yes"} == follow.RESUMED
    assert f"Every {blocks.HEARTBEAT_SECONDS:g} seconds" in PAGE
    assert f"what was sent {reader.STALLED_SECONDS:g} seconds ago" in PAGE
    assert streams.MAX_READERS_EACH == 8  # as the page about limits has it


@pytest.mark.whole
def test_every_command_of_the_page_runs(hub: Running, tmp_path: Path) -> None:
    assert [shlex.split(command)[1] for command in COMMANDS[:3]] == NAMES
    [one] = put(hub, 1, source="shop.web")
    with Receiver() as receiver:
        for example in COMMANDS:
            program, *arguments = shlex.split(
                example.replace("http://localhost:3000", receiver.url(""))
                .replace("http://127.0.0.1:8000", hub.url)
                .replace("$EVENTHUB_KEY", hub.key)
                .replace("events.ndjson", str(tmp_path / "events.ndjson"))
                .replace("start=now", "start=2020-01-01T00:00:00Z")
            )
            if program == "curl":
                curl = subprocess.Popen(["curl", "-s", *arguments], stdout=subprocess.PIPE, text=True)
                with curl:
                    assert curl.stdout
                    assert any(one in line for line in curl.stdout)
                    curl.kill()
                continue
            (tmp_path / "events.ndjson").write_text(entry("from.page") + "\n")
            with running(hub, *arguments) as command:
                if arguments[0] != "put":
                    command.lines(1)
                    command.interrupt()
                assert command.ended() == 0, command.err
        assert receiver.on("/hook")
    assert len(events(hub, "from.page")) == 1
