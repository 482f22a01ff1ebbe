"""Starting and ending the processes, as an operator meets them."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.bench.api import Api
from tests.receiver import Receiver
from tests.running import ROOT, running_hub, running_web, running_worker
from tests.until import takes_effect_everywhere, until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(180)]

ENTRY = {"source": "test", "detail-type": "t", "detail": {}}


def get(url: str) -> tuple[int, dict[str, object]]:
    """Return the status and the JSON of an address."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def refused(*arguments: str, **env: str) -> str:
    """Run a command that must not start; return the line that says why."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVENTHUB_")}
    clean["DJANGO_SETTINGS_MODULE"] = "eventhub.settings"
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=clean | env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_hub_ends_cleanly_and_goes_on_with_what_it_accepted(number: int, tmp_path: Path) -> None:
    with Receiver() as receiver, running_hub(tmp_path) as hub:
        Api(hub).rule("all", {"source": ["test"]}, receiver.url("/"))
        accepted = [Api(hub).post("/api/buses/default/events", ENTRY)["entries"][0]["id"] for _ in range(20)]
        assert hub.stop(number) == 0
        hub.start()

        until(lambda: {request.json["id"] for request in receiver.requests} >= set(accepted), seconds=30)
    assert "Traceback" not in hub.log()


def test_port_in_use_stops_the_start_with_one_line(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        line = refused("hub", "--port", str(hub.port), EVENTHUB_DATA_DIR=str(tmp_path))

    assert line == (
        f"CommandError: cannot listen on 127.0.0.1 port {hub.port}: Address already in use; "
        "choose another with --port or EVENTHUB_PORT"
    )


def test_second_hub_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with running_hub(tmp_path):
        line = refused("hub", "--port", "0", EVENTHUB_DATA_DIR=str(tmp_path))

    assert "journal" in line


def test_missing_tables_are_named_with_the_command_that_makes_them(tmp_path: Path) -> None:
    assert "manage.py migrate" in refused("hub", "--port", "0", EVENTHUB_DATA_DIR=str(tmp_path))


@pytest.mark.parametrize("role", ["web", "worker"])
def test_embedded_database_is_refused_apart_from_the_hub(role: str, tmp_path: Path) -> None:
    key = "one-secret-for-all-processes-of-a-test-installation"
    line = refused(role, EVENTHUB_DATA_DIR=str(tmp_path), EVENTHUB_SECRET_KEY=key)

    assert "set EVENTHUB_DATABASE_URL" in line


def test_unsafe_address_is_refused(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:  # makes the tables
        hub.stop()
    line = refused("hub", "--host", "0.0.0.0", "--port", "0", EVENTHUB_DATA_DIR=str(tmp_path))

    assert "eventhub.E001" in line


def test_terminal_shows_a_link_that_signs_in_once(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        hub.stop()
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "manage.py", "hub", "--port", "0"],
            cwd=ROOT,
            env=os.environ
            | {"EVENTHUB_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "eventhub.settings"},
            stdout=theirs,
            stderr=subprocess.STDOUT,
        )
        try:
            shown = ""
            while not (link := re.search(r"(http://\S+)/sign-in/(\S+)\r", shown)):
                shown += os.read(ours, 4096).decode()
            address = f"{link[1]}/sign-in/{link[2]}"
            with urllib.request.urlopen(address, timeout=20) as page:
                assert b"<button" in page.read()
            assert status_of_post(address) == 403  # without the page's token nobody else can spend it
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=20) == 0
            os.close(ours)
            os.close(theirs)


def status_of_post(address: str) -> int:
    """Return the status of an empty POST."""
    try:
        with urllib.request.urlopen(address, b"", timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_health_is_told_to_anybody(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        assert get(f"{hub.url}/healthz") == (200, {"ok": True})
        status, ready = get(f"{hub.url}/readyz")

    assert (status, ready["ready"], ready["causes"]) == (200, True, [])


def test_web_and_worker_share_an_installation(postgres_url: str, redis_url: str, tmp_path: Path) -> None:
    env = {"EVENTHUB_DATABASE_URL": postgres_url, "EVENTHUB_REDIS_URL": redis_url}
    with (
        Receiver() as receiver,
        running_web(tmp_path / "web-1", **env) as first,
        running_web(tmp_path / "web-2", **env) as second,
        running_worker(tmp_path / "worker", **env) as worker,
    ):
        Api(first).rule("all", {"source": ["test"]}, receiver.url("/"))
        takes_effect_everywhere()
        accepted = [
            Api(web).post("/api/buses/default/events", ENTRY)["entries"][0]["id"]
            for web in (first, second) * 5
        ]
        until(lambda: {request.json["id"] for request in receiver.requests} >= set(accepted), seconds=30)
        assert get(f"{second.url}/readyz")[0] == 200
        assert worker.stop() == 0
        assert first.stop() == 0
    for process in (first, second, worker):
        assert "Traceback" not in process.log()


def test_same_application_runs_on_uvicorn(tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="uvicorn, an extra, is not installed")
    with running_hub(tmp_path, server="uvicorn") as hub:
        assert Api(hub).post("/api/buses/default/events", ENTRY)["failed"] == 0
        assert hub.stop() == 0
