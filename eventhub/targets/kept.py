"""Connections of a client that are kept for the next attempt, by where they lead."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

C = TypeVar("C")

IDLE_SECONDS = 60.0
MAX_KEPT = 64


class Kept(Generic[C]):
    """Lends connections: each to one attempt at a time, kept after success, closed after anything else."""

    def __init__(self, close: Callable[[C], None]) -> None:
        self._close = close
        self._idle: dict[Hashable, list[tuple[float, C]]] = {}
        self._count = 0
        self._lock = threading.Lock()

    @contextmanager
    def lent(self, key: Hashable, connect: Callable[[], C]) -> Iterator[C]:
        """Lend an idle connection of ``key``, or a new one; whatever is raised within ends it."""
        connection = self._take(key)
        if connection is None:
            connection = connect()
        try:
            yield connection
        except BaseException:
            self._close(connection)
            raise
        self._put(key, connection)

    def _take(self, key: Hashable) -> C | None:
        stale = []
        with self._lock:
            idle = self._idle.get(key, [])
            taken = None
            while idle and taken is None:
                kept_at, connection = idle.pop()
                self._count -= 1
                if time.monotonic() - kept_at < IDLE_SECONDS:
                    taken = connection
                else:
                    stale.append(connection)
            if not idle:
                self._idle.pop(key, None)
        for connection in stale:
            self._close(connection)
        return taken

    def _put(self, key: Hashable, connection: C) -> None:
        with self._lock:
            kept = self._count < MAX_KEPT
            if kept:
                self._idle.setdefault(key, []).append((time.monotonic(), connection))
                self._count += 1
        if not kept:
            self._close(connection)
