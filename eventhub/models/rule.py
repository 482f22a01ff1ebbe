"""Rules and their versions."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction

from eventhub.domain.pattern import PatternError, parse
from eventhub.models.bus import Bus
from eventhub.models.change import Noted, note_change
from eventhub.models.target import Target

rule_name = RegexValidator(
    r"\A[.\-_A-Za-z0-9]{1,64}\Z", "wanted 1 to 64 letters, digits, dots, hyphens or underscores"
)


def valid_pattern(text: str) -> None:
    """Refuse a pattern that does not parse, saying where and what was wanted."""
    try:
        parse(text)
    except PatternError as error:
        raise ValidationError(str(error)) from error


class Rule(Noted):
    """On one bus: a pattern, and the targets that matching events are delivered to."""

    bus = models.ForeignKey(Bus, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=64, validators=[rule_name])
    description = models.CharField(max_length=512, blank=True)
    pattern = models.TextField(
        max_length=4096,
        validators=[valid_pattern],
        help_text='JSON: which events the rule picks, e.g. {"source": ["shop"], "detail": {"amount": [{"numeric": [">", 100]}]}}',
    )
    enabled = models.BooleanField(default=True, help_text="A disabled rule makes no deliveries; its matches are recorded.")
    targets = models.ManyToManyField(Target, through="RuleTarget", related_name="rules")

    class Meta:
        ordering = ["bus__name", "name"]
        constraints = [models.UniqueConstraint(fields=["bus", "name"], name="rule_name_on_bus")]

    def __str__(self) -> str:
        return self.name

    def record_version(self, *, by: str) -> "RuleVersion | None":
        """Record the rule's state as a new version if it differs from the latest; return what was recorded.

        Call it inside the transaction that changed the rule or its targets.
        """
        targets = [{"id": target.pk, "name": target.name} for target in self.targets.order_by("pk")]
        state = {"name": self.name, "pattern": self.pattern, "enabled": self.enabled, "targets": targets}
        latest = self.versions.order_by("-number").first()
        if latest is not None and all(getattr(latest, field) == value for field, value in state.items()):
            return None
        return RuleVersion.objects.create(rule=self, number=latest.number + 1 if latest else 1, made_by=by, **state)


class RuleTarget(models.Model):
    """One of a rule's targets."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="links")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="links")

    class Meta:
        verbose_name = "target"
        constraints = [models.UniqueConstraint(fields=["rule", "target"], name="target_once_per_rule")]

    def __str__(self) -> str:
        return f"{self.rule} → {self.target}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Save the link and note the change in the same transaction."""
        with transaction.atomic():
            super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through unchanged
            note_change()


class RuleVersion(models.Model):
    """The immutable state of a rule between two changes; routing records which were in force."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=64)
    pattern = models.TextField()
    enabled = models.BooleanField()
    targets = models.JSONField(default=list)  # [{"id", "name"}, …]
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["rule", "-number"]
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="version_number_once_per_rule")]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Insert the version; a recorded one cannot change."""
        if not self._state.adding:
            raise TypeError("a rule version is immutable")
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # passed through unchanged
