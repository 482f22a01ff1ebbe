"""Targets: where rules deliver."""

from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import ProtectedError

from eventhub.models import target_checks
from eventhub.models.bus import Bus
from eventhub.models.connection import ApiDestination, Connection
from eventhub.models.sealed import Sealed
from eventhub.models.signing import MEMBER, OVERLAP_SECONDS, SigningSecret, read, rotated
from eventhub.secret import Purpose
from eventhub.targets.kinds import UnknownKindError, kind_of

target_name = RegexValidator(
    r"\A[.\-_A-Za-z0-9]{1,64}\Z", "wanted 1 to 64 letters, digits, dots, hyphens or underscores"
)


class Target(Sealed):
    """A receiver of deliveries; several rules may share one."""

    purpose = Purpose.TARGET

    class Kind(models.TextChoices):
        """The kinds that this table treats on their own; ``targets.kinds`` holds all of them."""

        WEBHOOK = "webhook", "webhook"
        BUS = "bus", "bus"
        API_DESTINATION = "api-destination", "API destination"

    class Format(models.TextChoices):
        """The form in which a target receives an event."""

        EVENTBRIDGE = "eventbridge", "EventBridge envelope"
        CLOUDEVENTS_STRUCTURED = "cloudevents-structured", "CloudEvents, structured"
        CLOUDEVENTS_BINARY = "cloudevents-binary", "CloudEvents, binary"
        DETAIL = "detail", "detail only"

    class Schedule(models.TextChoices):
        """How long to wait between attempts."""

        EXPONENTIAL = "exponential", "exponential: 2 s doubling to 15 min"
        STANDARD_WEBHOOKS = "standard-webhooks", "Standard Webhooks: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h …"

    name = models.CharField(max_length=64, unique=True, validators=[target_name])
    kind = models.CharField(max_length=32, default=Kind.WEBHOOK)
    url = models.CharField(
        "URL", max_length=2048, blank=True, help_text="For a webhook: where each matching event is POSTed."
    )
    bus = models.ForeignKey(
        Bus,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="fed_by",
        help_text="For a bus target: the bus that matching events are put on.",
    )
    api_destination = models.ForeignKey(
        ApiDestination,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        verbose_name="API destination",
        help_text="For an API destination target: which one.",
    )
    connection = models.ForeignKey(
        Connection,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="targets",
        help_text="For a webhook: the credentials that each request carries.",
    )
    config = models.JSONField(
        default=dict, blank=True, help_text="What the kind needs beside: see its documentation."
    )
    # Sealed: the kind's secret settings by name, and under "signing" the webhook's signing secrets.
    payload_format = models.CharField(max_length=32, choices=Format.choices, default=Format.EVENTBRIDGE)
    enabled = models.BooleanField(
        default=True, help_text="Deliveries to a disabled target wait; none is lost."
    )
    # Why we disabled it ourselves (the receiver answered 410 Gone); empty if a person did.
    disabled_reason = models.CharField(max_length=512, blank=True, editable=False)
    paused = models.BooleanField(
        default=False, help_text="Deliveries wait and are counted until it is resumed."
    )
    max_attempts = models.PositiveSmallIntegerField(
        default=185, help_text="Tries before a delivery is put among the dead letters (1 to 186)."
    )
    max_age_seconds = models.PositiveIntegerField(
        default=86_400,
        help_text="Give up on a delivery this long after its event was accepted (60 to 604800 s). The whole "
        "schedule of Standard Webhooks takes 302915 s.",
    )
    timeout_seconds = models.PositiveSmallIntegerField(
        default=15, help_text="How long one attempt may take in all (1 to 60 s)."
    )
    connect_timeout_seconds = models.PositiveSmallIntegerField(
        default=10, help_text="How long connecting may take (1 to 60 s)."
    )
    schedule = models.CharField(
        max_length=32,
        choices=Schedule.choices,
        default=Schedule.EXPONENTIAL,
        help_text="The waits between attempts; a random part (jitter) keeps deliveries apart.",
    )
    max_in_flight = models.PositiveSmallIntegerField(
        default=32, help_text="At most so many attempts at once, over all workers (1 to 1000)."
    )
    rate_per_second = models.FloatField(
        null=True,
        blank=True,
        help_text="At most so many attempts a second, over all workers; empty: no limit.",
    )
    circuit_failures = models.PositiveSmallIntegerField(
        default=20,
        help_text="After so many failures in a row deliveries wait, and single attempts probe whether the "
        "receiver is back; 0: never.",
    )
    circuit_ratio = models.PositiveSmallIntegerField(
        default=0,
        help_text="The same when this percentage of a minute's attempts (20 or more) failed; 0: never.",
    )
    circuit_wait_seconds = models.PositiveIntegerField(
        default=30, help_text="How long to wait before each probe (1 to 3600 s)."
    )
    fifo_path = models.CharField(
        max_length=256,
        blank=True,
        help_text="A path in the event, such as $.detail.order.id: events with the same value there are "
        "delivered in order, one after the other.",
    )
    dead_letter_target = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="dead_letters_of",
        help_text="Where dead letters are delivered too.",
    )
    # Made by EventBridge's door for one target of a rule, or for its dead letters; it goes with that.
    owned = models.BooleanField("made by EventBridge's door", default=False, editable=False)
    note = models.CharField(max_length=512, blank=True, help_text="For people: what this receiver is for.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a target that its kind could not deliver to, by field; drop what is another kind's."""
        if self.kind != self.Kind.WEBHOOK:
            self.url, self.connection = "", None
        if self.kind != self.Kind.BUS:
            self.bus = None
        if self.kind != self.Kind.API_DESTINATION:
            self.api_destination = None
        if self.enabled:
            self.disabled_reason = ""
        if errors := target_checks.refusals(self):
            raise ValidationError(errors)

    def columns(self) -> dict[str, Any]:
        """Return the settings of its kind that are columns, here or in its API destination."""
        if self.kind == self.Kind.WEBHOOK:
            return {"url": self.url}
        if self.api_destination is not None:
            return {"endpoint": self.api_destination.endpoint, "method": self.api_destination.method}
        return {}

    def signing(self, *, now: int) -> list[SigningSecret]:
        """Return the secrets that its requests are signed with ``now`` (microseconds), the newest first."""
        return read(self.secrets(), now=now)

    def sign_with(self, text: str, *, now: int, overlap_seconds: float = OVERLAP_SECONDS) -> None:
        """Take a new signing secret; the old ones go on signing for the overlap. Saving is the caller's."""
        secrets = rotated(self.signing(now=now), text, now=now, overlap_seconds=overlap_seconds)
        self.change_secrets({MEMBER: [one.stored() for one in secrets]})

    def serves(self, bus_ids: Collection[int]) -> bool:
        """Tell whether a rule of one of these buses delivers to it."""
        return self.links.filter(rule__bus_id__in=bus_ids).exists()

    def drop_if_owned(self) -> None:
        """Delete the target, and its dead-letter target, if it was made for a rule that no longer has it."""
        if self.owned and not self.links.exists() and not self.dead_letters_of.exists():
            beyond = self.dead_letter_target
            self.delete()
            if beyond is not None:
                beyond.drop_if_owned()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the target, unless rules deliver to it, or others their dead letters."""
        using = list(self.links.select_related("rule__bus"))
        if using:
            names = ", ".join(f"{link.rule.name} (bus {link.rule.bus.name})" for link in using)
            raise ProtectedError(
                f"target {self.name} is used by rule {names}: take it out of the rule first", set(using)
            )
        if beyond := list(self.dead_letters_of.all()):
            names = ", ".join(target.name for target in beyond)
            raise ProtectedError(
                f"target {self.name} gets the dead letters of {names}: change them first", set(beyond)
            )
        return super().delete(*args, **kwargs)

    @property
    def address(self) -> str:
        """Return where it delivers, for people; without secrets."""
        if self.kind == self.Kind.BUS:
            return f"bus {self.bus}"
        try:
            return kind_of(self.kind).address({**self.config, **self.columns()})
        except UnknownKindError:
            return f"unknown kind {self.kind}"
