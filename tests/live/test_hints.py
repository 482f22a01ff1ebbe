"""Hints between web processes: of a change that one notices the others hear; a lost layer breaks nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from channels.layers import InMemoryChannelLayer, channel_layers

from eventhub.live.hints import Hints

pytestmark = pytest.mark.asyncio


class BrokenLayer:
    """A layer whose server is away."""

    calls = 0

    async def new_channel(self) -> str:
        """Fail as a lost connection does."""
        self.calls += 1
        raise ConnectionError("no Redis at 127.0.0.1:6379")

    async def group_send(self, _group: str, _message: dict[str, object]) -> None:
        """Fail as a lost connection does."""
        self.calls += 1
        raise ConnectionError("no Redis at 127.0.0.1:6379")


async def reached(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@pytest_asyncio.fixture
async def two() -> AsyncIterator[tuple[Hints, list[int], Hints, list[int]]]:
    """Have two processes' hints listen on a fresh layer, each with what it heard."""
    before = channel_layers.set("default", InMemoryChannelLayer())
    heard: tuple[list[int], list[int]] = ([], [])
    one, other = Hints(heard[0].append), Hints(heard[1].append)
    tasks = [asyncio.create_task(hints.listen()) for hints in (one, other)]
    layer = channel_layers["default"]
    await reached(lambda: len(layer.groups.get("hubs", ())) == 2)
    yield one, heard[0], other, heard[1]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    channel_layers.set("default", before)


async def test_a_change_that_one_process_notices_reaches_the_other(
    two: tuple[Hints, list[int], Hints, list[int]],
) -> None:
    one, _, _, heard = two
    await one.tell(7)
    await reached(lambda: heard == [7])


async def test_what_was_heard_is_not_told_again(two: tuple[Hints, list[int], Hints, list[int]]) -> None:
    one, heard_by_one, other, heard_by_other = two
    await one.tell(7)
    await reached(lambda: heard_by_other == [7])
    await other.tell(7)
    await other.tell(8)
    await reached(lambda: heard_by_one == [8])


async def test_a_layer_that_is_away_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    layer = BrokenLayer()
    hints = Hints(lambda _version: None)
    hints._layer = layer
    listening = asyncio.create_task(hints.listen())
    await reached(lambda: layer.calls == 1)
    await hints.tell(3)
    await hints.tell(4)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)

    assert layer.calls == 3
    assert caplog.text.count("live.layer_failed") == 1
