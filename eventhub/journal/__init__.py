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
    # Inside: this package is imported by Django before the settings are complete.
    from django.conf import settings

    from eventhub.journal.sqlite import SqliteJournal

    return SqliteJournal(settings.JOURNAL_FILE)


def open_journal() -> "Journal":
    """Return the journal that the settings name, opened; its tables must be there (``manage.py migrate``).

    Raises JournalUnavailable, saying why, if another process owns an embedded journal or the database is away.
    """
    journal = the_journal()
    journal.open()
    return journal
