"""The audit trail: each change of what is configured: who, through which door, before and after."""

from typing import Any

from django.db import models
from django.utils import timezone

IMMUTABLE = "the audit trail is immutable"


class Door(models.TextChoices):
    """The way that a change came in."""

    ADMIN = "admin", "the admin"
    PAGES = "pages", "a page"  # of the dashboard: a redrive, the key of the first event
    REST = "rest", "REST"
    EVENTBRIDGE = "eventbridge", "EventBridge's API"
    IMPORT = "import", "an import"
    COMMAND = "command", "a command"
    ITSELF = "itself", "Eventhub itself"  # a receiver said 410 Gone; what a start makes


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Entries, which nothing changes."""

    def update(self, **_values: Any) -> int:
        """Refuse: an entry is a fact."""
        raise TypeError(IMMUTABLE)

    def bulk_update(self, *_args: Any, **_options: Any) -> int:
        """Refuse: an entry is a fact."""
        raise TypeError(IMMUTABLE)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: an entry is a fact."""
        raise TypeError(IMMUTABLE)


class AuditEntry(models.Model):
    """What one transaction changed in one thing, or what somebody did.

    ``before`` and ``after`` are the thing as plain values (``recording.state_of``), None where there was none
    yet or is none any more. Of secrets they say that there is one, and that it changed.
    """

    at = models.DateTimeField("when", default=timezone.now, db_index=True)
    who = models.CharField(max_length=200)  # as Caller.who: "user:…", "key:…", "command:…"; "eventhub"
    door = models.CharField(max_length=16, choices=Door.choices)
    action = models.CharField(max_length=32)  # created, changed, deleted, enabled, paused, started …
    kind = models.CharField(max_length=32)  # of the thing: "rule", "api-key" …
    object_id = models.CharField(max_length=64)
    name = models.CharField(max_length=600)  # as it was called then; a rule's with its bus: "default/orders"
    bus_id = models.BigIntegerField(null=True)  # of what belongs to a bus; it outlives that
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)  # if one was given
    change = models.CharField(max_length=32, db_index=True)  # the same in all entries of one transaction
    rolls_back = models.BigIntegerField(null=True)  # the entry that this one takes back

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = "change"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["kind", "object_id", "-id"], name="audit_of_object"),
            models.Index(fields=["who", "-id"], name="audit_of_actor"),
            models.Index(fields=["bus_id", "-id"], name="audit_of_bus"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the entry; it never changes again."""
        if not self._state.adding:
            raise TypeError(IMMUTABLE)
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: an entry is a fact."""
        raise TypeError(IMMUTABLE)
