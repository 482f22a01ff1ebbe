"""Archives: standing selections of a bus's events, kept apart from the journal's retention."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from eventhub.domain.pattern import PatternError, parse
from eventhub.models.bus import Bus
from eventhub.models.change import Dated

MAX_RETENTION_DAYS = 36_500

archive_name = RegexValidator(
    r"\A[.\-_A-Za-z0-9]{1,48}\Z", "wanted 1 to 48 letters, digits, dots, hyphens or underscores"
)


class Archive(Dated):
    """Keeps a copy of each event of a bus that its pattern picks, from when it is made on."""

    name = models.CharField(max_length=48, unique=True, validators=[archive_name])
    description = models.CharField(max_length=512, blank=True)
    bus = models.ForeignKey(Bus, on_delete=models.PROTECT, related_name="archives")
    pattern = models.TextField(
        blank=True, help_text="Which events it keeps, as in a rule. Leave empty for every event."
    )
    retention_days = models.PositiveIntegerField(
        default=0,
        help_text="Days that each event is kept for; 0 keeps it for ever.",
    )
    # What EventBridge's door is told and tells again; nothing else reads it.
    told = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse another bus or name for an archive that is made, and a pattern that is none."""
        wrong: dict[str, Any] = {}
        if self.pk is not None:
            was = Archive.objects.filter(pk=self.pk).values_list("bus_id", "name").first()
            if was is not None and was[0] != self.bus_id:
                wrong["bus"] = "an archive keeps its bus: make another archive instead"
            if was is not None and was[1] != self.name:
                wrong["name"] = "an archive keeps its name: make another archive instead"
        if self.pattern:
            try:
                parse(self.pattern)
            except PatternError as error:
                wrong["pattern"] = str(error)
        if self.retention_days is not None and self.retention_days > MAX_RETENTION_DAYS:
            wrong["retention_days"] = f"wanted 0 to {MAX_RETENTION_DAYS}, found {self.retention_days}"
        if wrong:
            raise ValidationError(wrong)
