"""Fixtures for all tests.

- ``db`` or ``@pytest.mark.django_db``: the configuration's tables (alias ``default``), rolled back after the
  test.
- ``journal``: an open embedded journal on the settings' file, empty at the start of each test; its rows can
  be read through the ORM (alias ``journal``, read-only), also from other threads. Such a test is
  transactional by itself: what it writes to ``default`` is committed, seen by other threads, and taken back
  afterwards.
- ``postgres_dsn``: a new, empty PostgreSQL database (see ``tests.postgres``).

Both aliases are files, so that the journal mode and the read-only opening are those of the product.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.management import call_command
from django.db import connections
from pytest_django import DjangoDbBlocker

from eventhub.journal.sqlite import SqliteJournal

pytest_plugins = ["tests.moto_server", "tests.postgres", "tests.redis_server"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that use the journal both databases, and real commits."""
    transactional = pytest.mark.django_db(transaction=True, databases=["default", "journal"])
    for item in items:
        if "journal" in getattr(item, "fixturenames", ()):
            item.add_marker(transactional, append=False)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Make the tables where the settings say: the data directory is the run's own already.

    Gives what the migrations put in, as JSON.
    """
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        models = [model for model in apps.get_app_config("eventhub").get_models() if model._meta.managed]
        first_rows = serializers.serialize(
            "json", [row for model in models for row in model._default_manager.all()]
        )
    yield first_rows
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture(autouse=True)
def _first_rows(request: pytest.FixtureRequest) -> None:
    """Bring back what migrations put in, after a transactional test emptied the tables."""
    uses_database = {"db", "transactional_db"} & set(request.fixturenames)
    if not request.node.get_closest_marker("django_db") and not uses_database:
        return
    from eventhub.models import Bus

    if not Bus.objects.exists():
        for row in serializers.deserialize("json", request.getfixturevalue("django_db_setup")):
            row.save()


@pytest.fixture
def journal(transactional_db: None) -> Iterator[SqliteJournal]:
    """Open an empty journal on the settings' file."""
    connections["journal"].close()
    path = Path(settings.JOURNAL_FILE)
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    journal = SqliteJournal(path)
    journal.migrate()
    journal.open()
    yield journal
    connections["journal"].close()
    journal.close()
