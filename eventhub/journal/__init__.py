"""The durable log of events and the queue of deliveries, behind one narrow port (``port.Journal``).

``open_journal()`` gives the process's journal: SQLite in the data directory, or PostgreSQL when
EVENTHUB_JOURNAL_URL is set.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eventhub.journal.port import Journal

__all__ = ["open_journal", "the_journal"]


def the_journal() -> "Journal":
    """Return the journal that the settings name, not opened: for ``migrate``."""
    # Inside: Django imports this package before the settings are complete.
    from django.conf import settings

    key_seconds = settings.IDEMPOTENCY_HOURS * 3600
    if settings.EMBEDDED:
        from eventhub.journal.sqlite import SqliteJournal

        return SqliteJournal(settings.JOURNAL_FILE, key_seconds=key_seconds)
    from psycopg.conninfo import make_conninfo

    from eventhub.journal.postgres import PostgresJournal

    database = settings.DATABASES["journal"]
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    given = {ours: database[djangos] for djangos, ours in names.items() if database.get(djangos)}
    dsn = make_conninfo("", **given, **database.get("OPTIONS", {}))
    return PostgresJournal(dsn, key_seconds=key_seconds)


def open_journal() -> "Journal":
    """Return the journal that the settings name, opened; its tables must be there (``manage.py migrate``).

    Raises JournalUnavailable, saying why, if another process owns an embedded journal, or the database is
    away.
    """
    journal = the_journal()
    journal.open()
    return journal
