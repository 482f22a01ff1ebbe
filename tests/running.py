"""Eventhub's processes, started as an operator would: ``manage.py hub``, ``web``, ``worker``."""

import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.until import until

ROOT = Path(__file__).resolve().parent.parent
KEY_ID = "EHTESTADMINKEY23"
SECRET = "a-bootstrap-secret-for-tests-0123456789abcdef"
START_SECONDS = 20.0
STOP_SECONDS = 20.0


class Running:
    """One process of Eventhub, with an administrator key. ``kill`` and ``start`` may follow each other."""

    def __init__(self, role: str, data_dir: Path, env: dict[str, str], *options: str) -> None:
        self.role = role
        self.data_dir = data_dir
        self.log_path = data_dir / f"{role}.log"
        self.key_id, self.secret = KEY_ID, SECRET
        self.key = f"{KEY_ID}.{SECRET}"  # as Bearer takes it
        self.url = ""
        self.port = 0
        self._options = options
        self._env = {
            name: value for name, value in os.environ.items() if not name.startswith("EVENTHUB_")
        } | {
            "EVENTHUB_DATA_DIR": str(data_dir),
            "EVENTHUB_SECRET_KEY": "one-secret-for-all-processes-of-a-test-installation",
            "EVENTHUB_BOOTSTRAP_KEY": f"{KEY_ID}:{SECRET}",
            "EVENTHUB_PORT": "0",
            "DJANGO_SETTINGS_MODULE": "eventhub.settings",
            **env,
        }
        data_dir.mkdir(parents=True, exist_ok=True)
        if env.keys() & {"EVENTHUB_DATABASE_URL", "EVENTHUB_JOURNAL_URL"} or any(data_dir.glob("*.sqlite3")):
            self.manage("migrate", "--verbosity", "0")
        else:
            for file in _empty_installation().glob("*.sqlite3"):
                shutil.copy2(file, data_dir)
        self.start()

    def manage(self, *arguments: str) -> str:
        """Run another command of the same installation; return what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self._env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self) -> None:
        """Start the process and wait until it says that it works."""
        with self.log_path.open("ab") as log:
            start = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", self.role, *self._options],
                cwd=ROOT,
                env=self._env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

        def said() -> re.Match[str] | None:
            text = self.log_path.read_bytes()[start:].decode()
            assert self.process.poll() is None, f"{self.role} ended with {self.process.returncode}:\n{text}"
            return re.search(r"^Eventhub (?:listens on (http://\S+:(\d+))|worker works)$", text, re.MULTILINE)

        match = until(said, seconds=START_SECONDS, what=f"{self.role} to start, see {self.log_path}")
        if match[1]:
            self.url, self.port = match[1], int(match[2])

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask the process to end; return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=STOP_SECONDS)

    def log(self) -> str:
        """Return what the process has printed."""
        return self.log_path.read_text()


@cache
def _empty_installation() -> Path:
    """Migrate the embedded databases once for all; a copy takes a hundredth of the time."""
    directory = Path(tempfile.mkdtemp(prefix="eventhub-empty-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("EVENTHUB_")}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=env | {"EVENTHUB_DATA_DIR": str(directory), "DJANGO_SETTINGS_MODULE": "eventhub.settings"},
        check=True,
    )
    return directory


@contextmanager
def running_hub(data_dir: Path, *, server: str = "daphne", **env: str) -> Iterator[Running]:
    """Run ``manage.py hub`` on a free port with its data in ``data_dir``; ``env`` adds settings."""
    yield from _running(Running("hub", data_dir, env, "--server", server))


@contextmanager
def running_web(data_dir: Path, *, server: str = "daphne", **env: str) -> Iterator[Running]:
    """Run ``manage.py web`` on a free port; ``env`` names the databases."""
    yield from _running(Running("web", data_dir, env, "--server", server))


@contextmanager
def running_worker(data_dir: Path, **env: str) -> Iterator[Running]:
    """Run ``manage.py worker``; ``env`` names the databases."""
    yield from _running(Running("worker", data_dir, env))


def _running(running: Running) -> Iterator[Running]:
    try:
        yield running
    finally:
        if running.process.poll() is None:
            try:
                running.stop()
            except subprocess.TimeoutExpired:
                running.kill()
                raise
