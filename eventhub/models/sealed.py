"""Rows with secrets: kept sealed, opened for delivering, and never shown."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from eventhub.models.change import Dated
from eventhub.secret import Purpose, seal, unseal


class Sealed(Dated):
    """A configuration row with secrets by name. A name that is left out of a change keeps its secret."""

    # JSON, encrypted. Not editable: no form, page or answer is ever generated from it.
    sealed = models.BinaryField(null=True, editable=False)

    purpose: ClassVar[Purpose]

    class Meta:
        abstract = True

    def secrets(self) -> dict[str, Any]:
        """Return the secrets by name, opened; raises secret.BrokenSealError under another secret key."""
        if self.sealed is None:
            return {}
        opened: dict[str, Any] = json.loads(unseal(bytes(self.sealed), self.purpose, settings.SECRET_KEY))
        return opened

    def change_secrets(self, given: Mapping[str, Any]) -> None:
        """Seal the given secrets beside those there are; None takes one away. Saving is the caller's."""
        kept = {**self.secrets(), **given}
        kept = {name: value for name, value in kept.items() if value is not None}
        self.sealed = seal(json.dumps(kept), self.purpose, settings.SECRET_KEY) if kept else None

    def secret_names(self) -> list[str]:
        """Return which secrets are set, for pages and answers."""
        return sorted(self.secrets())
