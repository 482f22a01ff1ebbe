"""Where Eventhub is, and the credentials that are shown there.

A key is given (``--key``, ``EVENTHUB_KEY``), or made: who runs a command with an installation's database and
secret may make keys anyway, so on its machine none has to be given. What is made can do one thing on one
bus, lasts a day and is removed at the end; it is shown only to this machine and to the installation's public
address, never to a stranger that ``--url`` names.
"""

import http.client
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import django.db
import msgspec
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import ApiKey, Bus
from eventhub.roles import is_loopback

LASTS = timedelta(days=1)


class HubError(Exception):
    """Eventhub refuses for good; the sentence says why. ``status`` is that of its answer."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


def add_arguments(parser: CommandParser) -> None:
    """Add what all clients take."""
    parser.add_argument("--bus", default="default", help="the bus (default: %(default)s)")
    parser.add_argument("--url", default="", help=f"where Eventhub is (default: {settings.PUBLIC_URL})")
    parser.add_argument(
        "--key",
        default="",
        help="an API key, id.secret; better in EVENTHUB_KEY, because other users of this machine see a "
        "command's arguments (default: one is made, if this is the installation's own machine)",
    )


@dataclass(slots=True)
class Hub:
    """A bus of a running Eventhub, and the key for it."""

    url: str
    bus: str
    scope: Scope
    purpose: str  # what the key is for, as its name says
    given: str  # the key that was given, or nothing
    _made: ApiKey | None = None
    _token: str = ""

    @classmethod
    def of(cls, options: Mapping[str, Any], scope: Scope, purpose: str) -> "Hub":
        """Return what a command's options say; raises CommandError."""
        url = (options["url"] or settings.PUBLIC_URL).rstrip("/")
        hub = cls(url, options["bus"], scope, purpose, options["key"] or settings.KEY)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandError(f"--url: wanted an address such as http://127.0.0.1:8000, found {url!r}")
        hub._token = hub.given or hub._make()
        return hub

    def path(self, what: str) -> str:
        """Return the path of what is done with the bus."""
        return f"{urlsplit(self.url).path}/api/buses/{quote(self.bus, safe='')}/{what}"

    def headers(self, **more: str) -> dict[str, str]:
        """Return a request's headers."""
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Authorization": f"Bearer {self._token}", "User-Agent": f"eventhub-{self.purpose}", **named}

    def connect(self, timeout_seconds: float) -> http.client.HTTPConnection:
        """Return a connection to Eventhub, not open yet."""
        return connection_to(self.url, timeout_seconds)

    def renew(self) -> bool:
        """Make another key in place of the made one, which ran out or was removed; False if it was given."""
        if self.given:
            return False
        self._token = self._make()
        return True

    def forget(self) -> None:
        """Remove the key that was made."""
        if self._made is not None:
            with suppress(django.db.Error):  # it runs out by itself
                self._made.delete()
            self._made = None

    def _make(self) -> str:
        if not (self.url == settings.PUBLIC_URL or is_loopback(urlsplit(self.url).hostname or "")):
            raise CommandError(
                f"a key with the scope {self.scope} is needed for {self.url}: EVENTHUB_KEY or --key"
            )
        try:
            self.forget()
            name = f"manage.py {self.purpose}"
            ApiKey.objects.filter(
                name=name, expires_at__lt=timezone.now()
            ).delete()  # of those that were killed
            buses = Bus.objects.filter(name=self.bus)
            if not buses:
                raise CommandError(f"there is no bus {self.bus!r}")
            key, secret = mint(name, [self.scope], buses, timezone.now() + LASTS)
        except django.db.Error as error:
            raise CommandError(
                f"no key was given (EVENTHUB_KEY, --key), and none can be made here: {error}"
            ) from error
        self._made = key
        return f"{key.pk}.{secret}"


def connection_to(url: str, timeout_seconds: float) -> http.client.HTTPConnection:
    """Return a connection to the server of an address, not open yet."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=timeout_seconds, context=context
        )
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_seconds)


def said(answer: http.client.HTTPResponse) -> str:
    """Return what an answer that is no success says."""
    text = answer.read(65_536)
    try:
        detail = msgspec.json.decode(text)["detail"]
    except (msgspec.MsgspecError, KeyError, TypeError):
        detail = ""
    return f"{answer.status} {answer.reason}" + (f": {detail}" if detail else "")


def retry_after(answer: http.client.HTTPResponse, otherwise: float) -> float:
    """Return how many seconds an answer asks to wait, at most a minute."""
    text = answer.headers.get("Retry-After", "")
    return min(60.0, float(text)) if text.isdigit() else otherwise
