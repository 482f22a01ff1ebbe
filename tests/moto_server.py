"""moto's server for tests: the services of AWS that targets call, in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ACCOUNT = "123456789012"  # moto's
REGION = "eu-west-1"


@dataclass(frozen=True)
class Moto:
    """A running server; its services are made and read with boto3, as people do."""

    url: str

    def client(self, service: str) -> Any:
        """Return a client of a service in REGION."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={}),
        )

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource in REGION."""
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    """Start the server once for all tests of a process; each makes things of names of its own."""
    program = str(Path(sys.executable).with_name("moto_server"))
    with (
        tempfile.TemporaryDirectory(prefix="eventhub-moto-") as folder,  # it notes down what it hears
        subprocess.Popen(
            [program, "-H", "127.0.0.1", "-p", "0"],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        ) as server,
    ):
        assert server.stdout is not None
        port = next(int(line.rsplit(":", 1)[1]) for line in server.stdout if "Running on" in line)
        # Its log must be read, or it stops when the pipe is full.
        threading.Thread(target=server.stdout.read, daemon=True).start()
        url = f"http://127.0.0.1:{port}"
        config = json.dumps({"lambda": {"use_docker": False}}).encode()
        urllib.request.urlopen(
            urllib.request.Request(f"{url}/moto-api/config", config, method="POST")
        ).close()
        try:
            yield Moto(url)
        finally:
            server.terminate()
