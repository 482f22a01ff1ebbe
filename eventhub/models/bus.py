"""Buses: named streams that events are put on and rules watch."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import ProtectedError

from eventhub.domain.mask import read_paths
from eventhub.models.change import Dated
from eventhub.models.partner import PartnerSource, is_source_name
from eventhub.models.recording import Subject

DEFAULT_BUS = "default"

# EventBridge: 1-256 of these; a slash only in the name of a bus that takes a partner's events.
bus_name = RegexValidator(
    r"\A([.\-_A-Za-z0-9]{1,256}|aws\.partner(/[.\-_A-Za-z0-9]+){2,})\Z",
    "wanted 1 to 256 letters, digits, dots, hyphens or underscores",
)


class Bus(Dated):
    """A named stream of events."""

    name = models.CharField(
        max_length=256,
        unique=True,
        validators=[bus_name],
        help_text="Letters, digits, dots, hyphens, underscores.",
    )
    description = models.CharField(max_length=512, blank=True)
    paused = models.BooleanField(
        default=False,
        help_text="A paused bus takes events and routes none: they wait, in order, and are counted.",
    )
    sensitive = models.JSONField(
        "sensitive fields",
        default=list,
        blank=True,
        help_text="Fields of detail that are masked for whoever may not see them, such as "
        "detail.customer.email. Targets receive them as they are.",
    )
    # What EventBridge's door is told and tells again; nothing else reads the last two.
    policy = models.JSONField(default=list, blank=True, editable=False)  # statements: who else may put events
    tags = models.JSONField(default=dict, blank=True, editable=False)
    told = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "buses"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse another name for a bus: producers post to it and its events carry it.

        A bus with slashes in its name takes the events of the partner event source of that name.
        """
        if self.pk is not None and Bus.objects.filter(pk=self.pk).exclude(name=self.name).exists():
            raise ValidationError({"name": "a bus keeps its name: make another bus instead"})
        try:
            read_paths(self.sensitive)
        except ValueError as error:
            raise ValidationError({"sensitive": str(error)}) from error
        waiting = PartnerSource.shared().filter(name=self.name, bus=None)
        if self._state.adding and is_source_name(self.name) and not waiting.exists():
            raise ValidationError({"name": "no partner event source of this name waits for its bus"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the bus; a new one for a partner's events makes their source active."""
        with transaction.atomic():
            is_new = self._state.adding
            super().save(*args, **kwargs)
            if is_new and is_source_name(self.name):
                sources = PartnerSource.shared().filter(name=self.name, bus=None)
                sources.update(bus=self, pending_since=None)

    def goes_with(self) -> list[Subject]:
        """Return its rules, and the keys that are limited to it."""
        rules = [Subject(self.rules.model, pk) for pk in self.rules.values_list("pk", flat=True)]
        keys = self.apikey_set.values_list("pk", flat=True)
        return [*rules, *(Subject(self.apikey_set.model, pk) for pk in keys)]

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the bus and its rules; not the default one, one that a target feeds, or an archive keeps."""
        if self.name == DEFAULT_BUS:
            raise ValidationError("Cannot delete event bus default.")
        feeding = list(self.fed_by.all())
        if feeding:
            names = ", ".join(target.name for target in feeding)
            raise ProtectedError(f"bus {self.name} is fed by target {names}: delete it first", set(feeding))
        if archives := list(self.archives.all()):
            names = ", ".join(archive.name for archive in archives)
            raise ProtectedError(
                f"bus {self.name} is kept by archive {names}: delete it first", set(archives)
            )
        if endpoints := list(self.endpoints.all()):
            names = ", ".join(endpoint.name for endpoint in endpoints)
            raise ProtectedError(
                f"bus {self.name} is of global endpoint {names}: delete it first", set(endpoints)
            )
        with transaction.atomic():
            # A key without buses is for every bus: one that was for this bus alone must not become that.
            for key in self.apikey_set.filter(enabled=True):
                if key.buses.count() == 1:
                    key.enabled = False
                    key.save(update_fields=["enabled", "updated_at"])
            for source in PartnerSource.objects.filter(bus=self):
                source.lose_bus()
            if self.sensitive:
                FormerBus.objects.create(pk=self.pk, sensitive=self.sensitive)
            return super().delete(*args, **kwargs)


class FormerBus(models.Model):
    """What a deleted bus marked as sensitive: its events may outlive it, and stay masked."""

    id = models.BigIntegerField(primary_key=True)
    sensitive = models.JSONField()

    def __str__(self) -> str:
        return f"bus {self.id}"
