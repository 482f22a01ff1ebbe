"""A peer on TCP that does not keep to any protocol: for what a kind's own client makes of it."""

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def unruly_peer(first: bytes, then: bytes = b"", *, pause_seconds: float = 0.0) -> Iterator[int]:
    """Serve ``first`` and then ``then`` without end on every connection; give the port."""
    stop = threading.Event()

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.sendall(first)
            while then and not stop.wait(pause_seconds):
                connection.sendall(then)
            stop.wait(10)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listening.getsockname()[1]
        finally:
            stop.set()
            listening.shutdown(socket.SHUT_RDWR)
