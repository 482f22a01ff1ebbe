"""Fixtures for the live view."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.sqlite import SqliteJournal
from eventhub.live.hub import Hub
from tests.live.clock import Clock
from tests.live.world import World


@pytest.fixture
def world(journal: SqliteJournal) -> World:
    """Make a world over an empty journal."""
    return World(journal)


@pytest.fixture
def clock() -> Clock:
    """Make a clock that stands until it is moved."""
    return Clock()


@pytest_asyncio.fixture
async def hub(world: World, clock: Clock) -> AsyncIterator[Hub]:
    """Make a hub that beats only when told to, by the standing clock."""
    hub = Hub(world.journal, world.keeper, clock=clock)
    process.install(Parts(world.journal, world.keeper, None, hub))
    yield hub
    process.uninstall()
    await hub.stop()
