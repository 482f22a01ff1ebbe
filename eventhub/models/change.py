"""The version of the configuration: running processes watch it and load what changed within a second."""

from django.db import models, transaction
from django.db.models import F


class Configuration(models.Model):
    """One row whose number rises with every change of a bus, rule, target or key."""

    version = models.BigIntegerField(default=1)

    class Meta:
        verbose_name_plural = "configuration"

    def __str__(self) -> str:
        return f"version {self.version}"


def note_change() -> None:
    """Say, inside the transaction that makes it, that the configuration changes."""
    if not Configuration.objects.filter(pk=1).update(version=F("version") + 1):
        Configuration.objects.get_or_create(pk=1)


def current_version() -> int:
    """Return the version of the configuration; 0 before the first change."""
    return Configuration.objects.filter(pk=1).values_list("version", flat=True).first() or 0


class Noted(models.Model):
    """A configuration row: saving or deleting it raises the version of the configuration."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        """Save the row and note the change in the same transaction."""
        with transaction.atomic(using=kwargs.get("using") or "default"):  # type: ignore[arg-type]  # Django's own keyword
            super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through unchanged
            note_change()

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        """Delete the row and note the change in the same transaction."""
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)  # type: ignore[arg-type]  # passed through unchanged
            note_change()
            return deleted
