"""The version of the configuration: running processes watch it and load what changed within a second.

Every way of changing a row that they load raises it, in the same transaction: saving and deleting one row,
and the query set's ``update``, ``delete`` and ``bulk_create`` (the admin's actions use those).
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F

M = TypeVar("M", bound=models.Model)


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


class NotedQuerySet(models.QuerySet[M]):
    """Rows whose changes are noted, also when many change at once."""

    def update(self, **values: Any) -> int:
        """Update the rows and note the change in the same transaction."""
        with transaction.atomic():
            updated = super().update(**values)
            note_change()
            return updated

    update.alters_data = True  # type: ignore[attr-defined]  # as Django marks what templates must not call

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        """Insert the rows and note the change in the same transaction."""
        with transaction.atomic():
            made = super().bulk_create(objs, *args, **options)
            note_change()
            return made

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete the rows one by one, so that each row's own rule against its deletion holds."""
        deleted: dict[str, int] = {}
        with transaction.atomic():
            for row in self:
                for label, count in row.delete()[1].items():
                    deleted[label] = deleted.get(label, 0) + count
        return sum(deleted.values()), deleted

    delete.alters_data = True  # type: ignore[attr-defined]  # as above
    delete.queryset_only = True  # type: ignore[attr-defined]  # as Django's own: not on the manager


class Noted(models.Model):
    """A row that running processes load: saving or deleting it raises the version of the configuration."""

    objects = NotedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row and note the change in the same transaction."""
        with transaction.atomic():
            super().save(*args, **kwargs)
            note_change()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row and note the change in the same transaction."""
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            note_change()
            return deleted


class Dated(Noted):
    """A configuration row of its own, with when it was made and last changed."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
