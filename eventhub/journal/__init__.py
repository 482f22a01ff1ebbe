"""The durable log of events and the queue of deliveries, behind one narrow port (``port.Journal``).

``open_journal()`` gives the process's journal: SQLite in the data directory, or PostgreSQL when
EVENTHUB_JOURNAL_URL is set.
"""
