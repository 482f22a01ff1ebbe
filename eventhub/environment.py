"""Reading typed settings from the environment, each with a ``_FILE`` form, and failing loudly."""

import ipaddress
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PREFIX = "EVENTHUB_"
_known: set[str] = set()


def read(name: str, default: T, convert: Callable[[str], T], *, wanted: str) -> T:
    """Return the setting ``EVENTHUB_<name>``, or the content of the file that ``…_FILE`` names.

    Raises ImproperlyConfigured, naming the variable, what was wanted and what was found.
    """
    variable = PREFIX + name
    _known.update({variable, f"{variable}_FILE"})
    text = os.environ.get(variable)
    path = os.environ.get(f"{variable}_FILE")
    if text is not None and path is not None:
        raise ImproperlyConfigured(f"{variable} and {variable}_FILE are both set: set one")
    if path is not None:
        try:
            text = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{variable}_FILE: cannot read {path!r}: {error}") from error
    if text is None or text == "":
        return default
    try:
        return convert(text)
    except ValueError as error:
        shown = "the given value" if "SECRET" in name or "PASSWORD" in name or "KEY" in name else repr(text)
        raise ImproperlyConfigured(f"{variable}: wanted {wanted}, found {shown}") from error


def text(name: str, default: str = "") -> str:
    """Return a setting that is free text."""
    return read(name, default, str, wanted="text")


def integer(name: str, default: int, *, minimum: int = 0, maximum: int = 2**62) -> int:
    """Return a setting that is a whole number between ``minimum`` and ``maximum``."""

    def convert(value: str) -> int:
        number = int(value)
        if not minimum <= number <= maximum:
            raise ValueError(value)
        return number

    return read(name, default, convert, wanted=f"a whole number from {minimum} to {maximum}")


def choice(name: str, default: str, allowed: Sequence[str]) -> str:
    """Return a setting that is one of ``allowed``."""

    def convert(value: str) -> str:
        if value not in allowed:
            raise ValueError(value)
        return value

    return read(name, default, convert, wanted=f"one of {', '.join(allowed)}")


def networks(name: str) -> list[Network]:
    """Return a setting that is a comma-separated list of CIDRs."""
    return read(
        name,
        [],
        lambda value: [ipaddress.ip_network(part.strip()) for part in value.split(",") if part.strip()],
        wanted="a comma-separated list of CIDRs such as 10.0.0.0/8",
    )


def known() -> frozenset[str]:
    """Return the names of the variables that were read, with their ``_FILE`` forms."""
    return frozenset(_known)


def refuse_unknown() -> None:
    """Stop the start when the environment holds an ``EVENTHUB_`` variable that nothing reads."""
    unknown = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in _known)
    if unknown:
        allowed = ", ".join(sorted(name for name in _known if not name.endswith("_FILE")))
        raise ImproperlyConfigured(f"unknown setting {', '.join(unknown)}; known are: {allowed}")
