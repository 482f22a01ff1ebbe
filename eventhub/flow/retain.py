"""Retaining: rows stay as long as the settings say, and accepting stops before the disk is full.

Looks at the figures each second and prunes once a minute, or at once while a limit is exceeded. On PostgreSQL
pruning also makes the partitions of the days ahead.
"""

import logging
import threading
import time

from django.conf import settings
from django.db import close_old_connections

from eventhub.journal.port import Health, Journal, JournalUnavailable
from eventhub.models import Archive

log = logging.getLogger("eventhub.retain")

DAY_US = 24 * 3600 * 1_000_000


class Retainer:
    """Prunes a journal in a thread of its own, in chunks, so that nobody waits long for it."""

    def __init__(self, journal: Journal, *, look_seconds: float = 1.0, prune_seconds: float = 60.0) -> None:
        self._journal = journal
        self._look_seconds = look_seconds
        self._prune_seconds = prune_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="retainer", daemon=True)

    def start(self) -> None:
        """Begin; prunes at once."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Stop after the chunk under way; ``timeout`` is in seconds."""
        self._stopping.set()
        self._thread.join(timeout)

    def _work(self) -> None:
        next_at = 0.0
        while True:
            try:
                if time.monotonic() >= next_at or exceeds(self._journal.health()):
                    next_at = time.monotonic() + self._prune_seconds
                    self._prune()
            except JournalUnavailable as error:
                log.warning("retain.unavailable", extra={"fields": {"error": str(error)}})
            except Exception:  # a bug here must not end retention for good
                log.exception("retain.failed")
            if self._stopping.wait(self._look_seconds):
                return

    def _prune(self) -> None:
        removed = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            pruned = self._journal.prune(
                before=time.time_ns() // 1000 - settings.RETENTION_DAYS * DAY_US,
                max_bytes=settings.RETENTION_BYTES,
                min_free_bytes=settings.MIN_FREE_BYTES,
            )
            removed += pruned.events
            if not pruned.more:
                break
            self._stopping.wait(time.monotonic() - began)  # half of the time is for the others
        self._prune_archives()
        if removed:
            log.info("retain.pruned", extra={"fields": {"events": removed}})

    def _prune_archives(self) -> None:
        """Remove what archives need not keep any more, and all that deleted ones held."""
        sizes = self._journal.archive_sizes()
        if not sizes:
            return
        # Read after the sizes: an archive that holds something and is not here was deleted.
        kept = dict(Archive.objects.values_list("pk", "retention_days"))
        close_old_connections()
        for archive_id in sizes:
            days = kept.get(archive_id)
            if days == 0:
                continue
            before = None if days is None else time.time_ns() // 1000 - days * DAY_US
            while self._journal.prune_archive(archive_id, before=before) and not self._stopping.is_set():
                pass


def exceeds(health: Health) -> bool:
    """Tell whether a limit of the settings is exceeded now."""
    return (
        not health.writable
        or 0 < settings.RETENTION_BYTES < health.size_bytes
        or (health.free_bytes is not None and health.free_bytes < settings.MIN_FREE_BYTES)
    )
