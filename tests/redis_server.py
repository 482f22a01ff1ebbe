"""A private Redis for tests, on a Unix socket of its own."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import needs
from tests.until import until


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Return the URL of a running Redis that keeps nothing on disk."""
    program = needs("redis-server")
    with tempfile.TemporaryDirectory(prefix="eventhub-redis-") as folder:
        path = Path(folder) / "redis.sock"
        process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        try:
            until(path.exists, what="Redis to start")
            yield f"unix://{path}"
        finally:
            process.terminate()
            process.wait()
