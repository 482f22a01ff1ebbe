"""Which database a model lives in."""

from typing import Any


class JournalRouter:
    """Rows of the journal are read from the alias ``journal``; everything else lives in ``default``."""

    def db_for_read(self, model: Any, **_hints: object) -> str:
        """Return the alias to read a model from."""
        return "journal" if model._meta.app_label == "journal" else "default"

    def db_for_write(self, model: Any, **_hints: object) -> str:
        """Return the alias to write a model to; journal rows refuse to be saved."""
        return self.db_for_read(model)

    def allow_migrate(self, db: str, app_label: str, **_hints: object) -> bool:
        """Let Django's migrations touch ``default`` only."""
        return db == "default" and app_label != "journal"
