"""What a peer of a kind's own client may answer: so many bytes, in so much time, or it is cut off.

Clients of mail and Redis read whatever comes, for as long as it comes, each read with a time-out of its own:
a peer that answers without end would fill the memory, and one that drips would hold its thread for ever.
"""

import time
from typing import Any

MAX_ANSWER_BYTES = 65_536
# What clients raise that stumble over an answer of another protocol.
STUMBLES = (ValueError, TypeError, AttributeError, LookupError, RecursionError)


class AnswerTooLongError(ValueError):
    """The peer answered more than anybody reads. No OSError, of which clients make a lost connection."""


class Allowance:
    """What one answer may take: begun anew with each command."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.begin()

    def begin(self) -> None:
        """Begin an answer."""
        self._left = MAX_ANSWER_BYTES
        self._until = time.monotonic() + self._seconds

    def spend(self, size: int) -> None:
        """Count what came; raises AnswerTooLongError or TimeoutError (after the deadline)."""
        self._left -= size
        if self._left < 0:
            raise AnswerTooLongError(f"it answered more than {MAX_ANSWER_BYTES} bytes")
        if time.monotonic() > self._until:
            raise TimeoutError("it did not finish its answer in time")


class BoundedSocket:
    """A connected socket, plain or TLS, whose reading is counted."""

    def __init__(self, sock: Any, allowance: Allowance) -> None:
        self._sock = sock
        self._allowance = allowance

    def recv(self, size: int, *flags: int) -> bytes:
        """Read at most so many bytes."""
        data: bytes = self._sock.recv(size, *flags)
        self._allowance.spend(len(data))
        return data

    def recv_into(self, buffer: Any, *rest: int) -> int:
        """Read into a buffer."""
        size: int = self._sock.recv_into(buffer, *rest)
        self._allowance.spend(size)
        return size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class BoundedLines:
    """The reading side of a connection, line by line; a line that drips is cut off, too."""

    def __init__(self, sock: Any, allowance: Allowance) -> None:
        self._sock = sock
        self._allowance = allowance
        self._read = b""

    def readline(self, size: int) -> bytes:
        """Read a line of at most so many bytes; less at the end."""
        while b"\n" not in self._read and len(self._read) < size:
            data: bytes = self._sock.recv(4096)
            self._allowance.spend(len(data))
            if not data:
                break
            self._read += data
        end = min(self._read.find(b"\n") + 1 or len(self._read), size)
        line, self._read = self._read[:end], self._read[end:]
        return line

    def close(self) -> None:
        """Close nothing: the socket is its owner's."""
