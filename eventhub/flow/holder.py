"""The name under which a consumer of this process holds cursors and leases."""

import os
import secrets
import socket


def new_holder() -> str:
    """Return a name that no other consumer has, on this or another machine, now or after a restart."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
