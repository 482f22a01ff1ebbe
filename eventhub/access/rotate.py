"""Another secret key: every sealed secret is opened under the old one and sealed under the new one.

All of it in one transaction: whatever happens, every secret is sealed under the same key afterwards. What is
sealed under the new key already stays as it is, so the command may be repeated.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from eventhub.access import seal
from eventhub.models import ApiKey, Connection, Target, record_action, unrecorded
from eventhub.secret import BrokenSealError, Purpose, unseal
from eventhub.secret import seal as sealed_under


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was sealed anew, and what was sealed under the new key before."""

    keys: int
    targets: int
    connections: int
    already: int


class UnreadableError(Exception):
    """Some secrets open under neither key; the text names whose they are. Nothing was changed."""


def rotate(old_key: str) -> Rotated:
    """Seal every stored secret under the installation's key; raises UnreadableError, naming the rows."""
    rotation = _Rotation(old_key)
    with transaction.atomic(), unrecorded():  # the secrets stay what they are
        keys = 0
        for row in ApiKey.objects.select_for_update():
            keys += rotation.key(row)
            if row.old_sealed_secret is not None:
                rotation.old_secret(row, bytes(row.old_sealed_secret))
        targets, connections = (
            sum(rotation.row(row) for row in rows.select_for_update().exclude(sealed=None))
            for rows in (Target.objects.all(), Connection.objects.all())
        )
        if rotation.unreadable:
            raise UnreadableError(
                "neither EVENTHUB_OLD_SECRET_KEY nor EVENTHUB_SECRET_KEY opens the secrets of "
                + ", ".join(rotation.unreadable)
            )
        rotated = Rotated(keys, targets, connections, rotation.already)
        record_action("secrets", "", "every stored secret", "sealed anew", after=asdict(rotated))
    return rotated


class _Rotation:
    def __init__(self, old_key: str) -> None:
        self._old_key = old_key
        self.already = 0
        self.unreadable: list[str] = []

    def key(self, row: ApiKey) -> bool:
        """Seal an API key's secret anew; its digest is made with the secret key, too."""
        return self._reseal(
            bytes(row.sealed_secret),
            Purpose.API_SECRET,
            f"API key {row.pk}",
            lambda secret, sealed: ApiKey.objects.filter(pk=row.pk).update(
                sealed_secret=sealed, secret_digest=seal.digest(secret)
            ),
        )

    def old_secret(self, row: ApiKey, sealed: bytes) -> bool:
        """Seal the secret anew that a key had before, which may still be good."""
        return self._reseal(
            sealed,
            Purpose.API_SECRET,
            f"API key {row.pk} (the secret before)",
            lambda secret, sealed: ApiKey.objects.filter(pk=row.pk).update(
                old_sealed_secret=sealed, old_secret_digest=seal.digest(secret)
            ),
        )

    def row(self, row: Target | Connection) -> bool:
        """Seal a target's or a connection's secrets anew."""
        assert row.sealed is not None  # those without were left out
        return self._reseal(
            bytes(row.sealed),
            row.purpose,
            f"{row._meta.verbose_name} {row}",
            lambda _, sealed: type(row).objects.filter(pk=row.pk).update(sealed=sealed),
        )

    def _reseal(self, sealed: bytes, purpose: Purpose, whose: str, keep: Callable[[str, bytes], Any]) -> bool:
        for key in (settings.SECRET_KEY, self._old_key):
            try:
                secret = unseal(sealed, purpose, key)
            except BrokenSealError:
                continue
            if key == settings.SECRET_KEY:
                self.already += 1
                return False
            keep(secret, sealed_under(secret, purpose, settings.SECRET_KEY))
            return True
        self.unreadable.append(whose)
        return False
