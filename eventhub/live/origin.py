"""Which pages may open the socket: our own. A foreign page would ride on the user's cookie."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

_PORTS = {"http": 80, "https": 443}
_SCHEMES = {"ws": "http", "wss": "https"}


def is_ours(origin: str, *, scheme: str, host: str) -> bool:
    """Tell whether a page's Origin is the public address, or the address that was asked.

    ``scheme`` (ws or wss) and ``host`` are the request's; its host counts only if we answer to that name.
    """
    asked = _parts(origin)
    if asked is None:
        return False
    if asked == _parts(settings.PUBLIC_URL):
        return True
    domain, _ = split_domain_port(host)
    return (
        bool(domain)
        and validate_host(domain, settings.ALLOWED_HOSTS)
        and asked == _parts(f"{_SCHEMES.get(scheme, scheme)}://{host}")
    )


def _parts(address: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an address that has nothing else."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if (
        parts.scheme not in _PORTS
        or not parts.hostname
        or parts.path
        or parts.query
        or parts.username is not None
    ):
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]
