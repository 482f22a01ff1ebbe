"""A private PostgreSQL cluster for the test run, on a UNIX socket in a directory of its own.

``postgres_cluster`` (session) starts it, ``postgres_dsn`` gives a new empty database to each test. Skips by
name without the server's programs.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.programs import find, needs

# fsync=off: tests crash the server, not the machine, and each makes a database of its own.
OPTIONS = [
    "listen_addresses=",
    "fsync=off",
    "max_connections=200",
    "shared_buffers=64MB",
    "max_wal_size=2GB",
    "log_min_messages=warning",
]


@dataclass
class Cluster:
    """A running server."""

    data: Path
    socket: Path
    programs: Path
    options: tuple[str, ...]

    def dsn(self, database: str = "postgres") -> str:
        """Return how to connect to one of its databases."""
        return make_conninfo(host=str(self.socket), port=5432, user="postgres", dbname=database)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = " ".join(["-k", str(self.socket), *(f"-c {option}" for option in self.options)])
        self._run("pg_ctl", "start", "-w", "-D", str(self.data), "-o", options, "-l", str(self.data / "log"))

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.data))

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*as_server(), str(self.programs / program), *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )


def as_server() -> list[str]:
    """Return what to put before a command: PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """Run a server for the whole session."""
    needs("pg_ctl")
    with running_cluster() as cluster:
        yield cluster


@contextmanager
def running_cluster(*options: str) -> Iterator[Cluster]:
    """Run a server with options beside ours, in a new directory that goes with it."""
    programs = Path(find("pg_ctl") or "").parent
    folder = Path(tempfile.mkdtemp(prefix="eventhub-pg-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    cluster = Cluster(folder / "data", folder, programs, (*OPTIONS, *options))
    cluster._run(
        "initdb", "-D", str(cluster.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"
    )
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


_numbers = count(1)


@pytest.fixture(scope="session")
def new_database(postgres_cluster: Cluster) -> Callable[[], str]:
    """Give a function that makes an empty database and returns how to connect to it.

    All go with the cluster.
    """

    def make() -> str:
        name = f"test_{next(_numbers)}"
        with psycopg.connect(postgres_cluster.dsn(), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}".encode())
        return postgres_cluster.dsn(name)

    return make


@pytest.fixture
def postgres_dsn(new_database: Callable[[], str]) -> str:
    """Return how to connect to a new, empty database."""
    return new_database()


@pytest.fixture
def postgres_url(postgres_dsn: str) -> str:
    """Return the same as EVENTHUB_DATABASE_URL takes it."""
    parts = conninfo_to_dict(postgres_dsn)
    host = quote(str(parts["host"]), safe="")  # a directory: the server listens on a socket in it
    return f"postgresql://{parts['user']}@{host}:{parts['port']}/{parts['dbname']}"
