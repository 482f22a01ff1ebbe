"""The listening socket: taken before anything else starts, so that a port in use stops a start early."""

import os
import socket

BACKLOG = 512


class CannotListenError(Exception):
    """The address is taken, not ours, or forbidden; the text says which and why."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on ``host`` and ``port`` (0: any free one); raises CannotListenError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise CannotListenError(
            f"cannot listen on {host} port {port}: {why}; choose another with --port or EVENTHUB_PORT"
        ) from error
    listening.setblocking(False)
    return listening
