"""The address guard at saving: what the operator's settings allow, asked about the hosts that a target names.

Only addresses that are written out can be judged here; names are judged when they are connected to.
"""

from collections.abc import Callable

from django.conf import settings

from eventhub.domain.addresses import AddressGuard
from eventhub.domain.hosts import Guard, check_host, check_url


def guard() -> AddressGuard:
    """Return the operator's decision about addresses."""
    return AddressGuard(settings.ALLOWED_NETWORKS, loopback_allowed=settings.LISTENS_ON_LOOPBACK)


def refused_url(url: str) -> str:
    """Say why a URL cannot be called, or nothing."""
    return _said(check_url, url)


def refused_host(host: str) -> str:
    """Say why a host cannot be reached, or nothing."""
    return _said(check_host, host)


def _said(check: Callable[[str, Guard], None], text: str) -> str:
    try:
        check(text, guard())
    except ValueError as error:
        return str(error)
    return ""
