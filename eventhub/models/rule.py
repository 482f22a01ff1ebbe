"""Rules and their versions."""

import json
from collections.abc import Collection, Iterable, Mapping
from itertools import count
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.signals import post_delete
from django.dispatch import receiver

from eventhub.domain.arn import rule_arn
from eventhub.domain.pattern import PatternError, parse
from eventhub.domain.payload import PayloadFormat
from eventhub.domain.schedule import MAX_LENGTH, ScheduleError, parse_schedule
from eventhub.domain.transform import TransformError, parse_transform
from eventhub.models.bus import DEFAULT_BUS, Bus
from eventhub.models.change import Dated, Noted
from eventhub.models.recording import Subject
from eventhub.models.target import Target

MAX_PATTERN_LENGTH = 4096  # EventBridge's
# Of the events that schedules make, in EventBridge's words.
SCHEDULED_SOURCE, SCHEDULED_TYPE = "aws.events", "Scheduled Event"
rule_name = RegexValidator(
    r"\A[.\-_A-Za-z0-9]{1,64}\Z", "wanted 1 to 64 letters, digits, dots, hyphens or underscores"
)


def routed_pattern(name: str, pattern: str, schedule: str) -> str:
    """Return the pattern that a rule is routed by: its own, or the one that picks what its schedule makes.

    A rule with a schedule alone so matches its scheduled events and nothing else, one with both either.
    """
    if not schedule:
        return pattern
    scheduled = json.dumps(
        {
            "source": [SCHEDULED_SOURCE],
            "detail-type": [SCHEDULED_TYPE],
            "resources": [rule_arn(DEFAULT_BUS, name, region=settings.REGION, account=settings.ACCOUNT_ID)],
        }
    )
    return f'{{"$or": [{scheduled}, {pattern}]}}' if pattern.strip() else scheduled


class Rule(Dated):
    """On one bus: a pattern, and the targets that matching events are delivered to."""

    bus = models.ForeignKey(Bus, on_delete=models.CASCADE, related_name="rules")
    name = models.CharField(max_length=64, validators=[rule_name])
    description = models.CharField(max_length=512, blank=True)
    pattern = models.TextField(
        max_length=MAX_PATTERN_LENGTH,
        blank=True,
        help_text="JSON: which events the rule picks, e.g. "
        '{"source": ["shop"], "detail": {"amount": [{"numeric": [">", 100]}]}}',
    )
    schedule_expression = models.CharField(
        max_length=MAX_LENGTH,
        blank=True,
        help_text="When the rule makes an event itself, in UTC: rate(5 minutes) or cron(0 12 ? * MON-FRI *).",
    )
    enabled = models.BooleanField(
        default=True, help_text="A disabled rule makes no deliveries; its matches are recorded."
    )
    shadow = models.BooleanField(
        default=False,
        help_text="A rule in shadow mode is only tried: it makes no deliveries, its matches are recorded.",
    )
    targets = models.ManyToManyField(Target, through="RuleTarget", related_name="rules")
    # What EventBridge's door is told and tells again: tags, and the members that change nothing here.
    tags = models.JSONField(default=dict, blank=True, editable=False)
    told = models.JSONField(default=dict, blank=True, editable=False)

    rule_column = "pk"
    recorded_with = ("links__target",)

    class Meta:
        ordering = ["bus__name", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["bus", "name"],
                name="rule_name_on_bus",
                violation_error_message="the bus already has a rule of this name",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a pattern that does not parse, saying where and why, and another bus for a rule."""
        errors = {}
        if len(self.pattern) > MAX_PATTERN_LENGTH:
            errors["pattern"] = f"wanted at most {MAX_PATTERN_LENGTH} characters, found {len(self.pattern)}"
        elif self.pattern.strip():
            try:
                parse(self.pattern)
            except PatternError as error:
                errors["pattern"] = str(error)
        elif not self.schedule_expression:
            errors["pattern"] = "This field is required, unless the rule has a schedule."
        if self.schedule_expression:
            errors |= self._of_schedule()
            if not errors:
                errors = self._of_both()
        if self.pk is not None and Rule.objects.filter(pk=self.pk).exclude(bus_id=self.bus_id).exists():
            # Its versions are recorded with the bus's events: on another bus it is another rule.
            errors["bus"] = "a rule stays on its bus: make another rule instead"
        if errors:
            raise ValidationError(errors)

    def _of_schedule(self) -> dict[str, str]:
        try:
            parse_schedule(self.schedule_expression)
        except ScheduleError as error:
            return {"schedule_expression": str(error)}
        if self.bus_id is not None and self.bus.name != DEFAULT_BUS:  # as with EventBridge
            return {"schedule_expression": f"wanted a rule of bus {DEFAULT_BUS}, found bus {self.bus.name}"}
        return {}

    def _of_both(self) -> dict[str, str]:
        """Refuse a pattern that cannot stand beside a schedule: both are routed by one pattern."""
        try:
            parse(self.routed_pattern)
        except PatternError as error:
            return {"pattern": f"it cannot be joined with a schedule ({error.message}): make two rules"}
        return {}

    @property
    def routed_pattern(self) -> str:
        """Return the pattern that the rule is routed by."""
        return routed_pattern(self.name, self.pattern, self.schedule_expression)

    def set_targets(self, targets: Iterable[Target]) -> None:
        """Make these the rule's targets; links that stay are left alone. Call it inside a transaction."""
        wanted = {target.pk: target for target in targets}
        self.links.exclude(target_id__in=wanted).delete()
        linked = set(self.links.values_list("target_id", flat=True))
        for pk, target in wanted.items():
            if pk not in linked:
                RuleTarget.objects.create(rule=self, target=target)

    def set_transforms(self, transforms: Mapping[str, Any]) -> None:
        """Give the rule's targets these transforms, by target name; those not named get the event itself."""
        for link in self.links.select_related("target"):
            wanted = transforms.get(link.target.name)
            if link.transform != wanted:
                link.transform = wanted
                link.save(update_fields=["transform"])

    def set_links(self, wanted: Iterable[tuple[Target, str, Any, dict[str, Any]]]) -> None:
        """Make these the rule's targets: each with its identifier, transform and what the door was told.

        Links are found again by their identifiers. Raises ValidationError. Call it inside a transaction.
        """
        there = {link.identifier: link for link in self.links.select_related("target")}
        kept = set()
        for target, identifier, transform, told in wanted:
            link = there.get(identifier) or RuleTarget(rule=self, identifier=identifier)
            before = link.target if link.pk else None
            link.target, link.transform, link.told = target, transform, told
            link.full_clean()
            link.save()
            kept.add(link.pk)
            if before is not None and before.pk != target.pk:
                before.drop_if_owned()
        for link in there.values():
            if link.pk not in kept:
                link.delete()

    def recorded_name(self) -> str:
        """Return what the audit trail calls the rule."""
        return f"{self.bus.name}/{self.name}"

    def recorded_beside(self, new: bool) -> dict[str, Any]:
        """Return the targets, which belong to the rule; one that was made just now has none."""
        links = [] if new else sorted(self.links.all(), key=lambda link: link.pk)
        return {"targets": [link.told_of() for link in links]}

    def record_version(self, *, by: str, is_first: bool = False) -> "RuleVersion | None":
        """Record the rule's state as a new version if it differs from the latest; return what was recorded.

        Call it inside the transaction that saved the rule (which locks its row, and notes the change, with
        which running processes read the version's number) and changed its targets. ``is_first`` says that
        the rule was made just now and has no target, so that neither need be looked for.
        """
        links: Iterable[RuleTarget] = ()
        if not is_first:
            links = self.links.select_related("target").order_by("target_id")
        targets = [link.recorded() for link in links]
        state = {
            "name": self.name,
            "pattern": self.routed_pattern,
            "enabled": self.enabled,
            "shadow": self.shadow,
            "targets": targets,
        }
        latest = None if is_first else self.versions.order_by("-number").first()
        if (
            latest is not None
            and all(getattr(latest, field) == value for field, value in state.items())
            and latest.schedule_expression in (None, self.schedule_expression)
        ):
            return None
        number = latest.number + 1 if latest else 1
        return RuleVersion.objects.create(
            rule=self, number=number, made_by=by, schedule_expression=self.schedule_expression, **state
        )


class RuleTarget(Noted):
    """One of a rule's targets; it stays with its rule."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="links")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="links")
    # What the target gets instead of the event, as ``domain.transform`` stores it; None: the event itself.
    transform = models.JSONField(null=True, blank=True)

    # EventBridge's Id of it, by which its door finds it again; without one, the target's name.
    identifier = models.CharField(max_length=64, blank=True, editable=False)
    # What EventBridge's door is told and tells again, such as RoleArn.
    told = models.JSONField(default=dict, blank=True, editable=False)

    rule_column = "rule_id"

    class Meta:
        verbose_name = "target"
        constraints = [
            models.UniqueConstraint(fields=["rule", "identifier"], name="identifier_once_per_rule"),
            models.UniqueConstraint(
                fields=["rule", "target"],
                name="target_once_per_rule",
                violation_error_message="the rule already has this target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} → {self.target}"

    def clean(self) -> None:
        """Refuse a transform that could not work for any event, saying where; {} asks for none."""
        try:
            if parse_transform(self.transform) is None:
                self.transform = None
        except TransformError as error:
            raise ValidationError({"transform": str(error)}) from error
        if self.transform is not None and self.target_id and self.target.kind == Target.Kind.BUS:
            raise ValidationError({"transform": "wanted none: a bus is given the event itself"})
        found = self.target.payload_format if self.target_id else PayloadFormat.EVENTBRIDGE
        if self.transform is not None and found != PayloadFormat.EVENTBRIDGE:
            wanted = f"a target that receives {PayloadFormat.EVENTBRIDGE}, found one that receives {found}"
            raise ValidationError({"transform": f"wanted {wanted}"})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the link, with an identifier that no other of the rule has."""
        if not self.identifier:
            self.identifier = self._free_identifier()
        super().save(*args, **kwargs)

    def _free_identifier(self) -> str:
        name = self.target.name
        taken = set(RuleTarget.objects.filter(rule=self.rule_id).values_list("identifier", flat=True))
        for number in count(2):
            if name not in taken:
                break
            suffix = f"-{number}"
            name = self.target.name[: 64 - len(suffix)] + suffix
        return name

    def recorded_as(self) -> Subject:
        """Return the rule: its targets are part of it."""
        return Subject(Rule, self.rule_id)

    def saving(self, _columns: Collection[str] | None) -> Subject:
        """Return the rule."""
        return self.recorded_as()

    @classmethod
    def recorded_as_all(cls, rows: "models.QuerySet[Any]") -> list[Subject]:
        """Return the rules of these links."""
        return [Subject(Rule, pk) for pk in dict.fromkeys(rows.values_list("rule_id", flat=True))]

    def told_of(self) -> dict[str, Any]:
        """Return what the audit trail says of it."""
        said: dict[str, Any] = {"name": self.target.name}
        if self.identifier != self.target.name:
            said["identifier"] = self.identifier
        if self.transform is not None:
            said["transform"] = self.transform
        return said | ({"told": self.told} if self.told else {})

    def recorded(self) -> dict[str, Any]:
        """Return what a rule's version says of it."""
        said = {"id": self.target_id, "name": self.target.name}
        return said if self.transform is None else said | {"transform": self.transform}


@receiver(post_delete, sender=RuleTarget)
def drop_owned(instance: RuleTarget, **_: Any) -> None:
    """Delete a link's target with it if it was made for it alone; this way also when the rule is deleted."""
    instance.target.drop_if_owned()


class VersionQuerySet(models.QuerySet["RuleVersion"]):
    """Versions, which nothing changes."""

    def update(self, **_values: Any) -> int:
        """Refuse: a recorded version is a fact."""
        raise TypeError("a rule version is immutable")


class RuleVersion(models.Model):
    """The immutable state of a rule between two changes; routing records which were in force."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=64)
    pattern = models.TextField()  # that it is routed by: with the schedule, if it has one
    schedule_expression = models.CharField(max_length=MAX_LENGTH, null=True)  # null: from before it was kept
    enabled = models.BooleanField()
    shadow = models.BooleanField(default=False)  # of versions from before there was one, too
    targets = models.JSONField(default=list)  # [{"id", "name"} and "transform" if there is one, …]
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.CharField(max_length=200)  # Caller.who: "key:…" or "user:…"

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["rule", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "number"], name="version_number_once_per_rule")
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the version; it never changes again. Saving its rule has noted the change."""
        if not self._state.adding:
            raise TypeError("a rule version is immutable")
        super().save(*args, **kwargs)


class NextRun(models.Model):
    """When a rule's schedule runs next: kept by the worker that runs it, not configured."""

    rule = models.OneToOneField(Rule, on_delete=models.CASCADE, related_name="next_run")
    schedule_expression = models.CharField(max_length=MAX_LENGTH)  # that it was worked out from
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.rule} at {self.at:%Y-%m-%d %H:%M:%S}"
