"""A reader that is cut off, and a hub that is killed: what was counted is what the journal holds."""

import asyncio
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.live.reading import post
from tests.live.returning import Returning
from tests.running import Running, running_hub

pytestmark = pytest.mark.whole

DISCONNECTS, KILLS, EACH = 20, 2, 60


def test_counts_are_exact_after_broken_connections_and_kills(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])  # a port that it comes back on after a kill
    with running_hub(tmp_path, EVENTHUB_PORT=port) as hub:
        reader = asyncio.run(come_and_go(hub))

        assert reader.counted == held(hub)
        assert reader.loaded > 0
        assert reader.counted > reader.loaded


async def come_and_go(hub: Running) -> Returning:
    reader = Returning(hub)
    await asyncio.to_thread(post, hub, 1)
    await reader.stay(1)
    reader.counted = 1  # in the first snap
    for number in range(1, DISCONNECTS + 1):
        posting = asyncio.create_task(asyncio.to_thread(post, hub, EACH))
        await reader.stay(1 + number % 3)
        await posting
        if number % (DISCONNECTS // KILLS) == 0:
            await asyncio.to_thread(post, hub, EACH)  # nobody watches this
            await asyncio.to_thread(hub.kill)
            await asyncio.to_thread(hub.start)
    async with asyncio.timeout(30):
        while reader.counted < held(hub):
            await reader.stay(1)
    return reader


def held(hub: Running) -> int:
    with closing(sqlite3.connect(hub.data_dir / "journal.sqlite3")) as journal:
        return int(journal.execute("SELECT count(*) FROM event").fetchone()[0])
