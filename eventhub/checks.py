"""Checks of the settings: what is unsafe in production refuses to start."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's own name


@register(Tags.security)
def reached_safely(**_: Any) -> list[CheckMessage]:
    """Refuse an address of the network without https; warn of http behind it."""
    public = urlsplit(settings.PUBLIC_URL)
    if settings.LISTENS_ON_LOOPBACK or public.scheme == "https":
        return []
    if public.hostname in {"127.0.0.1", "localhost", "::1"}:
        return [
            Error(
                f"EVENTHUB_HOST={settings.HOST} listens on the network, but EVENTHUB_PUBLIC_URL is not set",
                hint="Set EVENTHUB_PUBLIC_URL to the address that browsers and programs use.",
                id="eventhub.E001",
            )
        ]
    return [
        Warning(
            f"EVENTHUB_PUBLIC_URL={settings.PUBLIC_URL}: keys and sessions cross the network unencrypted",
            hint="Put a proxy with https before Eventhub and give its address.",
            id="eventhub.W001",
        )
    ]
