"""When each key was last used, written down once a minute: opening a door never costs a write.

The key ring notes the moment in memory. This thread brings what is new to the database, and once more at the
end of the process, so that what is shown is at most a minute behind; a process that is killed loses its last
minute.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import IntegrityError, close_old_connections, connections

from eventhub.access.keys import KeyRing, ring
from eventhub.models import ApiKey, KeyUse

log = logging.getLogger("eventhub.access")

EVERY_SECONDS = 60.0


class LastUse:
    """The writing thread of a process with doors."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring
        self._written: dict[str, float] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="last-use", daemon=True)

    def start(self) -> None:
        """Start to write now and then."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Write what is left and end."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def write(self) -> None:
        """Write down what is new since the last time."""
        used = self._ring.used()
        record({key_id: at for key_id, at in used.items() if at > self._written.get(key_id, 0.0)})
        self._written = used

    def _run(self) -> None:
        ended = False
        while not ended:
            ended = self._ending.wait(EVERY_SECONDS)
            try:
                close_old_connections()
                self.write()
            except Exception as error:  # a database that is away: the next minute tries again
                log.warning("key.use_not_recorded", extra={"fields": {"error": str(error)}})
        connections.close_all()


def last_used(key: ApiKey) -> datetime | None:
    """Return when a key was last used: as it is written down, or as this process knows by now."""
    use: KeyUse | None = getattr(key, "use", None)
    seconds = ring.used().get(key.pk)
    known = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return max((at for at in (use and use.last_at, known) if at), default=None)


def record(used: Mapping[str, float]) -> None:
    """Note when keys were used (seconds since 1970); an earlier moment than the known one changes nothing."""
    for key_id, seconds in used.items():
        at = datetime.fromtimestamp(seconds, UTC)
        known = KeyUse.objects.filter(pk=key_id)
        if known.filter(last_at__lt=at).update(last_at=at) or known.exists():
            continue
        if ApiKey.objects.filter(pk=key_id).exists():
            try:
                KeyUse.objects.create(pk=key_id, last_at=at)
            except IntegrityError:  # deleted, or recorded by another process, in this moment
                continue
