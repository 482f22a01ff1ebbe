"""Roles of people: who may see, change or administer which bus."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q, QuerySet, UniqueConstraint

from eventhub.models.bus import Bus
from eventhub.models.recording import Subject, recorded


class Role(models.TextChoices):
    """What somebody may do on a bus; each may what those before it may. ``access.roles`` says it exactly."""

    VIEWER = "viewer"  # sees
    EDITOR = "editor"  # and changes rules and archives, redrives, replays, puts events
    ADMINISTRATOR = "administrator"  # and everything else on the bus


class Grant(models.Model):
    """A role of one user, or of everybody in one group, on one bus or on every bus."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="grants"
    )
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(
        max_length=16,
        choices=[(role.value, role.value) for role in Role],
        default=Role.VIEWER,
        help_text="Viewers see events, deliveries, rules and their targets, and change nothing. Editors "
        "change rules and archives too, redrive, replay and put events. Administrators do everything on "
        "the bus: its settings, its roles, the keys that are limited to it.",
    )
    bus = models.ForeignKey(
        Bus,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="grants",
        help_text="Leave empty for every bus, also those that are made later.",
    )
    sees_sensitive = models.BooleanField(
        "sees sensitive fields",
        default=False,
        help_text="Shows fields of events that the bus marks as sensitive; administrators see them anyway.",
    )

    class Meta:
        verbose_name = "role"
        ordering = ["user__username", "group__name", "bus__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None, group__isnull=False) | Q(user__isnull=False, group=None),
                name="grant_of_user_or_group",
                violation_error_message="wanted either a user or a group",
            ),
            # NULLs are alike: one role for every bus is enough, too.
            UniqueConstraint(
                fields=["user", "bus"],
                condition=Q(user__isnull=False, bus__isnull=False),
                name="one_grant_of_user_and_bus",
                violation_error_message="this user has a role there already: change it instead",
            ),
            UniqueConstraint(
                fields=["user"],
                condition=Q(user__isnull=False, bus=None),
                name="one_grant_of_user_on_every_bus",
                violation_error_message="this user has a role on every bus already: change it instead",
            ),
            UniqueConstraint(
                fields=["group", "bus"],
                condition=Q(group__isnull=False, bus__isnull=False),
                name="one_grant_of_group_and_bus",
                violation_error_message="this group has a role there already: change it instead",
            ),
            UniqueConstraint(
                fields=["group"],
                condition=Q(group__isnull=False, bus=None),
                name="one_grant_of_group_on_every_bus",
                violation_error_message="this group has a role on every bus already: change it instead",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.group}: {self.role} of {self.bus or 'every bus'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the role; the audit trail says so."""
        with transaction.atomic(), recorded(Subject.saving(self, kwargs.get("update_fields"))):
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Take the role away; the audit trail says so."""
        with transaction.atomic(), recorded(Subject.of(self)):
            return super().delete(*args, **kwargs)

    def clean(self) -> None:
        """Say in one sentence what the constraint wants."""
        if (self.user is None) == (self.group is None):
            found = "neither" if self.user is None else "both"
            raise ValidationError(f"wanted either a user or a group, found {found}")

    @classmethod
    def of(cls, user: Any) -> "QuerySet[Grant]":
        """Return the grants of a user and of the groups that the user is in."""
        return cls.objects.filter(Q(user=user) | Q(group__user=user)).order_by()
