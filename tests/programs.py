"""Programs that some tests need: without one a test skips with its name; under CI that is a failure."""

import os
import shutil
from pathlib import Path

import pytest

# Debian keeps PostgreSQL's server programs out of the PATH.
ELSEWHERE = ["/usr/lib/postgresql/*/bin", "/usr/sbin", "/usr/lib/rabbitmq/bin"]


def find(program: str) -> str | None:
    """Return the path of a program, or None."""
    found = shutil.which(program)
    if found:
        return found
    for pattern in ELSEWHERE:
        for folder in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (folder / program).exists():
                return str(folder / program)
    return None


def needs(program: str) -> str:
    """Return the path of ``program``; without it skip the test, or fail under CI, which must install it."""
    found = find(program)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{program} is missing, and .ci/run must install it")
        pytest.skip(f"needs {program}")
    return found
