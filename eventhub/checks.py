"""System checks: settings that are unsafe, or that cannot work, refuse to start; doubtful ones warn.

Run by every role's command, after its options were applied. Errors (E) stop it, warnings (W) are printed.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name
from django.core.exceptions import ValidationError


@register
def check_settings(app_configs: Sequence[Any] | None = None, **_options: object) -> list[CheckMessage]:
    """Return what is wrong or doubtful with the settings."""
    return [*_address(), *_proxies(), *_password()]


def _address() -> Iterator[CheckMessage]:
    public = urlsplit(settings.PUBLIC_URL)
    if settings.LISTENS_ON_LOOPBACK or public.scheme != "http":
        return
    host = public.hostname or ""
    if _is_loopback(host):
        yield Error(
            f"EVENTHUB_PUBLIC_URL is {settings.PUBLIC_URL}, but {settings.HOST} is reached from "
            "other machines: links, allowed hosts and the socket's origin check would be wrong for them.",
            hint="Set EVENTHUB_PUBLIC_URL to the address in people's browsers: https://events.example.com.",
            id="eventhub.E001",
        )
    elif _is_internal(host):
        yield Warning(
            f"EVENTHUB_PUBLIC_URL {settings.PUBLIC_URL} is plain http: passwords and keys travel readable.",
            hint="Put a proxy with TLS in front, and name it in EVENTHUB_TRUSTED_PROXIES.",
            id="eventhub.W001",
        )
    else:
        yield Error(
            f"EVENTHUB_PUBLIC_URL {settings.PUBLIC_URL} is a public name in plain http: passwords and keys "
            "would travel readable.",
            hint="Put a proxy with TLS in front, use https:// here, and name it in EVENTHUB_TRUSTED_PROXIES.",
            id="eventhub.E002",
        )


def _proxies() -> Iterator[CheckMessage]:
    if settings.PUBLIC_URL.startswith("https:") and not settings.TRUSTED_PROXIES:
        yield Error(
            "EVENTHUB_PUBLIC_URL is https, but no proxy is trusted to say so: pages would redirect for ever.",
            hint="Set EVENTHUB_TRUSTED_PROXIES to the proxy's address, such as 127.0.0.1/32.",
            id="eventhub.E003",
        )
    if any(network.prefixlen == 0 for network in settings.TRUSTED_PROXIES):
        yield Error(
            "EVENTHUB_TRUSTED_PROXIES trusts every address: anybody could claim to be anybody.",
            hint="Name the proxies' own addresses.",
            id="eventhub.E004",
        )


def _password() -> Iterator[CheckMessage]:
    if not settings.ADMIN_PASSWORD or settings.LISTENS_ON_LOOPBACK:
        return
    try:
        validate_password(settings.ADMIN_PASSWORD)
    except ValidationError as error:
        yield Error(
            f"EVENTHUB_ADMIN_PASSWORD is too weak for a server that others reach: {' '.join(error.messages)}",
            hint="Choose a longer, unusual one.",
            id="eventhub.E005",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_internal(host: str) -> bool:
    """Tell whether a name or address is one that only an internal network knows."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".home.arpa"))
