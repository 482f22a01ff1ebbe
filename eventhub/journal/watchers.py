"""Who wants to hear of commits."""

import logging
from collections.abc import Callable, Iterable

from eventhub.journal.port import Hint

log = logging.getLogger("eventhub.journal")


class Watchers:
    """Callbacks that get a hint after each commit; one that raises is logged and kept."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Hint], None]] = []

    def add(self, callback: Callable[[Hint], None]) -> None:
        """Tell ``callback`` too from now on."""
        self._callbacks.append(callback)

    def tell(self, hints: Iterable[Hint]) -> None:
        """Pass the hints on; each callback gets each once."""
        for hint in set(hints):
            for callback in self._callbacks:
                try:
                    callback(hint)
                except Exception:  # a watcher's bug must not stop the committer
                    log.exception("journal.watcher_failed")
