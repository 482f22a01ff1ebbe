"""Fixtures for the live view."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from django.db import connections
from psycopg.conninfo import conninfo_to_dict
from pytest_django import Settings

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.postgres import PostgresJournal
from eventhub.journal.sqlite import SqliteJournal
from eventhub.live.hub import Hub
from tests.live.clock import Clock
from tests.live.world import World


@pytest.fixture
def engine() -> str:
    """Name the journal's engine; a test that is for both is parametrized with it."""
    return "sqlite"


@pytest.fixture
def world(engine: str, request: pytest.FixtureRequest) -> World:
    """Make a world over an empty journal."""
    return World(request.getfixturevalue("journal" if engine == "sqlite" else "postgres_journal"))


@pytest.fixture
def postgres_journal(
    journal: SqliteJournal, postgres_dsn: str, settings: Settings
) -> Iterator[PostgresJournal]:
    """Open an empty PostgreSQL journal, whose rows the ORM reads in place of the embedded one's."""
    embedded = connections.settings["journal"]
    members = conninfo_to_dict(postgres_dsn)
    connections["journal"].close()
    del connections["journal"]
    connections.settings["journal"] = {
        **embedded,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": members["dbname"],
        "HOST": members["host"],
        "PORT": members["port"],
        "USER": members["user"],
        "OPTIONS": {},
    }
    settings.EMBEDDED = False
    opened = PostgresJournal(postgres_dsn)
    opened.migrate()
    opened.open()
    yield opened
    opened.close()
    connections["journal"].close()
    del connections["journal"]
    connections.settings["journal"] = embedded


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
