"""The transfer driver: many HTTP exchanges at once in one thread, over libcurl's multi interface.

``submit`` hands requests in from any thread; ``on_done`` gets their replies in lists, in the driver's thread,
so it must not block. Connections are kept and used again. A hundred hanging exchanges cost nothing: libcurl
says which sockets to watch (``socket_action``), and only what moves is looked at. ``select`` and
``curl_multi_fdset`` would end at 1,024 descriptors.
"""

import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

import pycurl

from eventhub.targets.handle import Guard, Handle
from eventhub.targets.http import Reply, Request

log = logging.getLogger("eventhub.transfer")
T = TypeVar("T")

MAX_CONNECTIONS_KEPT = 512
MAX_HANDLES_KEPT = 256
_EVENTS = {
    pycurl.POLL_IN: selectors.EVENT_READ,
    pycurl.POLL_OUT: selectors.EVENT_WRITE,
    pycurl.POLL_INOUT: selectors.EVENT_READ | selectors.EVENT_WRITE,
}


class Transfers(Generic[T]):
    """Runs exchanges. ``T`` is whatever the caller wants back beside each reply."""

    def __init__(self, guard: Guard, on_done: Callable[[list[tuple[T, Reply]]], None]) -> None:
        self._guard = guard
        self._on_done = on_done
        self._handed_in: deque[tuple[T, Request]] = deque()
        self._active: dict[pycurl.Curl, tuple[T, Handle]] = {}
        self._idle: list[Handle] = []
        self._timer_at: float | None = None  # monotonic: when libcurl wants to be called
        self._stopping_at: float | None = None  # monotonic: when the grace ends
        self._unfinished: list[T] = []
        self._selector = selectors.DefaultSelector()
        self._waked, self._wake = socket.socketpair()
        self._woken = False
        self._thread = threading.Thread(target=self._run, name="transfers", daemon=True)

    def start(self) -> None:
        """Start the driver's thread."""
        self._thread.start()

    def submit(self, requests: Sequence[tuple[T, Request]]) -> None:
        """Begin exchanges; each ends in ``on_done``, unless ``stop`` gives it back."""
        self._handed_in.extend(requests)
        self._wake_up()

    def stop(self, grace_seconds: float) -> list[T]:
        """Let exchanges in flight finish for so long; return those that did not finish or did not begin."""
        self._stopping_at = time.monotonic() + grace_seconds
        with suppress(OSError):  # an idle driver may have seen it, and closed, before it is woken
            self._wake_up()
        self._thread.join()
        return self._unfinished

    def _wake_up(self) -> None:
        # The flag saves a system call for all but the first of many; the driver takes it down before it
        # looks at what was handed in, so nothing is missed.
        if not self._woken:
            self._woken = True
            self._wake.send(b"\0")

    def _run(self) -> None:
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._set_timer)
        self._multi.setopt(pycurl.M_MAXCONNECTS, MAX_CONNECTIONS_KEPT)
        self._multi.setopt(pycurl.M_PIPELINING, 0)
        for end in (self._waked, self._wake):
            end.setblocking(False)
        self._selector.register(self._waked, selectors.EVENT_READ)
        while not self._finished():
            try:
                self._turn()
            except Exception:  # a bug must not silence every target; the lease brings back what it hit
                log.exception("transfer.turn_failed")
        self._close()

    def _finished(self) -> bool:
        if self._stopping_at is None:
            return False
        while self._handed_in:
            self._unfinished.append(self._handed_in.popleft()[0])
        return not self._active or time.monotonic() >= self._stopping_at

    def _turn(self) -> None:
        for key, ready in self._selector.select(self._patience()):
            if key.fileobj is self._waked:
                self._waked.recv(4096)
                self._woken = False
                continue
            flags = pycurl.CSELECT_IN if ready & selectors.EVENT_READ else 0
            flags |= pycurl.CSELECT_OUT if ready & selectors.EVENT_WRITE else 0
            self._multi.socket_action(key.fd, flags)
        self._begin()
        if self._timer_at is not None and time.monotonic() >= self._timer_at:
            self._timer_at = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        self._gather()

    def _patience(self) -> float | None:
        """Return how many seconds to wait for something to move; None: for ever."""
        moments = [at for at in (self._timer_at, self._stopping_at) if at is not None]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _begin(self) -> None:
        while self._handed_in and self._stopping_at is None:
            token, request = self._handed_in.popleft()
            handle = self._idle.pop() if self._idle else Handle(self._guard)
            error = handle.load(request)
            if error is not None:
                self._idle.append(handle)
                self._on_done([(token, error)])
                continue
            self._active[handle.curl] = (token, handle)
            self._multi.add_handle(handle.curl)

    def _gather(self) -> None:
        done: list[tuple[T, Reply]] = []
        left = 1
        while left and self._active:
            left, succeeded, failed = self._multi.info_read()
            now = time.time_ns() // 1000
            for curl in succeeded:
                done.append(self._end(curl, now, 0, ""))
            for curl, code, text in failed:
                done.append(self._end(curl, now, code, text))
        if done:
            self._on_done(done)

    def _end(self, curl: pycurl.Curl, now: int, code: int, text: str) -> tuple[T, Reply]:
        token, handle = self._active.pop(curl)
        reply = handle.reply(now, code, text)
        self._multi.remove_handle(curl)
        if len(self._idle) < MAX_HANDLES_KEPT:
            self._idle.append(handle)
        else:
            curl.close()
        return token, reply

    def _watch_socket(self, what: int, fd: int, _multi: object, _data: object) -> None:
        known = fd in self._selector.get_map()
        if what == pycurl.POLL_REMOVE:
            if known:
                self._selector.unregister(fd)
        elif known:
            self._selector.modify(fd, _EVENTS[what])
        elif what in _EVENTS:
            self._selector.register(fd, _EVENTS[what])

    def _set_timer(self, milliseconds: int) -> None:
        self._timer_at = None if milliseconds < 0 else time.monotonic() + milliseconds / 1000

    def _close(self) -> None:
        for curl, (token, _handle) in self._active.items():
            self._multi.remove_handle(curl)
            self._unfinished.append(token)
        for handle in [*self._idle, *(handle for _token, handle in self._active.values())]:
            handle.curl.close()
        self._active.clear()
        self._multi.close()
        self._selector.close()
        for end in (self._waked, self._wake):
            end.close()
