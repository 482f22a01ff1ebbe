"""A webhook's signing secrets: the newest signs alone, or beside those before it while they overlap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MEMBER = "signing"  # of a target's sealed secrets
OVERLAP_SECONDS = 86_400  # how long a secret that was replaced still signs, unless asked otherwise
MAX_OVERLAP_SECONDS = 30 * 86_400
MAX_SECRETS = 5  # at once: each is a signature in every request's header


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """One secret, ``whsec_…`` or ``whsk_…``; ``until`` (microseconds) ends it, None for the newest."""

    text: str = field(repr=False)
    until: int | None = None

    def stored(self) -> dict[str, Any]:
        """Return the form in which it is sealed."""
        return {"secret": self.text} | ({} if self.until is None else {"until": self.until})


def read(secrets: Mapping[str, Any], *, now: int) -> list[SigningSecret]:
    """Return the signing secrets among a target's opened ones that sign now, the newest first."""
    kept = [SigningSecret(one["secret"], one.get("until")) for one in secrets.get(MEMBER, [])]
    return [one for one in kept if one.until is None or one.until > now]


def rotated(
    before: Sequence[SigningSecret], text: str, *, now: int, overlap_seconds: float
) -> list[SigningSecret]:
    """Return the secrets with ``text`` as the newest; those before it go on signing for the overlap.

    >>> rotated([SigningSecret("old")], "new", now=5, overlap_seconds=1)[1].until
    1000005
    """
    end = now + int(overlap_seconds * 1_000_000)
    ending = [
        SigningSecret(one.text, end if one.until is None else min(one.until, end))
        for one in before
        if one.text != text  # one that comes back signs once
    ]
    return [SigningSecret(text), *(one for one in ending if one.until is not None and one.until > now)][
        :MAX_SECRETS
    ]
