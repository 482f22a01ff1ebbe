"""A hub for the commands of this folder."""

import socket
from collections.abc import Iterator

import pytest

from tests.running import Running, running_hub


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Give a hub whose address stays the same when it is started again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with running_hub(tmp_path_factory.mktemp("commands"), EVENTHUB_PORT=str(port)) as hub:
        yield hub
