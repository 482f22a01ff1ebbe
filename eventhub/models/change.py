"""The version of the configuration: running processes watch it and load what changed within a second.

Every way of changing a row that they load raises it, in the same transaction: saving and deleting one row,
and the query set's ``update``, ``delete`` and ``bulk_create`` (the admin's actions use those). Beside each
version stands which rules changed with it, so that one change among 100,000 rules costs reading one. The same
ways record the change in the audit trail (``recording``).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import connection, models, transaction

from eventhub.models.recording import Subject, recorded

M = TypeVar("M", bound=models.Model)


class Configuration(models.Model):
    """One row whose number rises with every change of a bus, rule, target or key."""

    version = models.BigIntegerField(default=1)

    class Meta:
        verbose_name_plural = "configuration"

    def __str__(self) -> str:
        return f"version {self.version}"


class Change(models.Model):
    """A rule that changed with a version; without one, something else did. Every version has at least one."""

    version = models.BigIntegerField(db_index=True)
    rule_id = models.BigIntegerField(null=True)  # no foreign key: it outlives the rule

    def __str__(self) -> str:
        return f"version {self.version}: {f'rule {self.rule_id}' if self.rule_id else 'something else'}"


# Who is further behind reads everything.
KEPT_VERSIONS = 10_000
MOST_CHANGES = 500

# As text: every change of a rule runs them, and composing them takes longer than what they do.
_VERSION = "SELECT version FROM eventhub_configuration WHERE id = 1"
_RAISE = (
    "INSERT INTO eventhub_configuration (id, version) VALUES (1, 1) "
    "ON CONFLICT (id) DO UPDATE SET version = eventhub_configuration.version + 1 RETURNING version"
)
_NOTE = "INSERT INTO eventhub_change (version, rule_id) VALUES (%s, %s)"
_CHANGES = "SELECT version, rule_id FROM eventhub_change WHERE version > %s AND version <= %s LIMIT %s"


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed between two versions: these rules, and perhaps buses, targets or keys."""

    rule_ids: frozenset[int]
    others: bool


def note_change(rule_ids: Collection[int] = ()) -> None:
    """Say, inside the transaction that makes it, that these rules change; without them: something else."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        # The row is locked until the commit, so versions commit in their order.
        cursor.execute(_RAISE)
        version = cursor.fetchone()[0]
        changed: Iterable[int | None] = set(rule_ids) or [None]
        cursor.executemany(_NOTE, [(version, rule_id) for rule_id in changed])
        if version % (KEPT_VERSIONS // 10) == 0:
            Change.objects.filter(version__lte=version - KEPT_VERSIONS).delete()


def changes_between(since: int, until: int) -> Changes | None:
    """Return what changed after one version, up to another; None if it is not known, or not worth asking."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, [since, until, MOST_CHANGES + 1])
        found = cursor.fetchall()
    if len(found) > MOST_CHANGES or len({version for version, _ in found}) != until - since:
        return None
    rule_ids = frozenset(rule_id for _, rule_id in found if rule_id is not None)
    return Changes(rule_ids, others=any(rule_id is None for _, rule_id in found))


def current_version() -> int:
    """Return the version of the configuration; 0 before the first change."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        found = cursor.fetchone()
    return int(found[0]) if found else 0


class NotedQuerySet(models.QuerySet[M]):
    """Rows whose changes are noted, also when many change at once."""

    def update(self, **values: Any) -> int:
        """Update the rows, record and note the change in the same transaction."""
        with transaction.atomic():
            rule_ids = self._rule_ids()
            with recorded(*self._subjects()):
                updated = super().update(**values)
            note_change(rule_ids)
            return updated

    update.alters_data = True  # type: ignore[attr-defined]  # as Django marks what templates must not call

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        """Insert the rows, record and note the change in the same transaction."""
        rows = list(objs)
        with transaction.atomic():
            with recorded(*(row.recorded_as() for row in rows)):  # type: ignore[attr-defined]  # of Noted
                made = super().bulk_create(rows, *args, **options)
            column = self.model.rule_column  # type: ignore[attr-defined]  # of Noted
            note_change([getattr(row, column) for row in made] if column else ())
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

    def _rule_ids(self) -> list[int]:
        column = self.model.rule_column  # type: ignore[attr-defined]  # of Noted
        return list(self.values_list(column, flat=True)) if column else []

    def _subjects(self) -> list[Subject]:
        return self.model.recorded_as_all(self)  # type: ignore[attr-defined,no-any-return]  # of Noted


class Noted(models.Model):
    """A row that running processes load: saving or deleting it raises the version of the configuration.

    The same records what it was and is in the audit trail.
    """

    rule_column: ClassVar[str | None] = None  # where the id of the rule stands that a row is, or belongs to

    objects = NotedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the row, record and note the change in the same transaction."""
        with transaction.atomic():
            with recorded(self.saving(kwargs.get("update_fields"))):
                super().save(*args, **kwargs)
            note_change(self._rule_ids())

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row, record and note the change in the same transaction."""
        rule_ids = self._rule_ids()
        with transaction.atomic():
            with recorded(self.recorded_as(), *self.goes_with()):
                deleted = super().delete(*args, **kwargs)
            note_change(rule_ids)
            return deleted

    def recorded_as(self) -> Subject:
        """Return the thing whose change a change of this row is."""
        return Subject.of(self)

    def saving(self, columns: Collection[str] | None) -> Subject:
        """Return the thing whose change it is to save these columns of the row, None for all."""
        return Subject.saving(self, columns)

    @classmethod
    def recorded_as_all(cls, rows: "models.QuerySet[Any]") -> list[Subject]:
        """Return the things whose change a change of these rows is."""
        return [Subject(cls, pk) for pk in rows.values_list("pk", flat=True)]

    def goes_with(self) -> Iterable[Subject]:
        """Return what else changes when this row is deleted, by the database and not by its own model."""
        return ()

    def _rule_ids(self) -> list[int]:
        return [getattr(self, self.rule_column)] if self.rule_column else []


class Dated(Noted):
    """A configuration row of its own, with when it was made and last changed."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
