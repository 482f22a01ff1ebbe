"""How the background consumers wait: for a hint, for a moment, or for a journal that is away."""

import threading
import time


class Patience:
    """A flag that hints raise, and growing waits while something is unavailable."""

    def __init__(self, first_seconds: float = 0.05, cap_seconds: float = 2.0) -> None:
        self._flag = threading.Event()
        self._first = self._next = first_seconds
        self._cap = cap_seconds
        self.stopping = False

    def wake(self) -> None:
        """There may be something to do. Safe from any thread, and cheap when it was said already."""
        if not self._flag.is_set():
            self._flag.set()

    def is_woken(self) -> bool:
        """Tell whether ``wait`` would return at once."""
        return self._flag.is_set()

    def stop(self) -> None:
        """End every wait, now and from now on."""
        self.stopping = True
        self._flag.set()

    def wait(self, seconds: float) -> None:
        """Wait for a wake, at most so long. What comes after it returns is a new wake."""
        self._flag.wait(seconds)
        if not self.stopping:
            self._flag.clear()

    def trouble(self) -> None:
        """Wait because something failed: each time twice as long, until ``well``. Only a stop shortens it."""
        ends_at = time.monotonic() + self._next
        self._next = min(self._cap, self._next * 2)
        while not self.stopping and (left := ends_at - time.monotonic()) > 0:
            self._flag.wait(min(left, 0.05))
            if not self.stopping and self._flag.is_set():
                time.sleep(min(left, 0.05))  # a wake stays raised for afterwards, and must not make us spin

    def well(self) -> None:
        """It works again."""
        self._next = self._first
