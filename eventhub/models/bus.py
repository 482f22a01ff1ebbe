"""Buses: named streams that events are put on and rules watch."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from eventhub.models.change import Noted

DEFAULT_BUS = "default"

# EventBridge: 1-256 of these; a slash only in partner buses, which a later door makes.
bus_name = RegexValidator(
    r"\A[.\-_A-Za-z0-9]{1,256}\Z", "wanted 1 to 256 letters, digits, dots, hyphens or underscores"
)


class Bus(Noted):
    """A named stream of events."""

    name = models.CharField(
        max_length=256, unique=True, validators=[bus_name], help_text="Letters, digits, dots, hyphens, underscores."
    )
    description = models.CharField(max_length=512, blank=True)

    class Meta:
        verbose_name_plural = "buses"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        """Delete the bus and its rules; the default bus always exists."""
        if self.name == DEFAULT_BUS:
            raise ValidationError("Cannot delete event bus default.")
        return super().delete(*args, **kwargs)
