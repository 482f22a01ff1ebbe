"""Addresses for clients of their own: resolve a host, check every answer, and name the one to connect to.

A client that is given the checked address cannot be led elsewhere by a name that resolves differently the
second time; for TLS it still asks for the host's name.
"""

import socket

from eventhub.targets.kind import CallError, Guard
from eventhub.targets.verdict import Fault


def resolve(host: str, port: int, guard: Guard) -> str:
    """Return an address of ``host`` that may be reached; raises CallError unless all of its addresses may.

    All of them, because which one is tried would else be the choice of whoever runs the name's servers.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CallError.of(Fault.DNS, f"{host} has no address: {error}") from error
    addresses = [str(where[0]) for _family, _kind, _protocol, _name, where in found]
    for address in addresses:
        refused = guard(address)
        if refused is not None:
            text = f"not reached: {refused}; EVENTHUB_ALLOWED_NETWORKS does not allow it"
            raise CallError.of(Fault.REFUSED, text)
    return addresses[0]
