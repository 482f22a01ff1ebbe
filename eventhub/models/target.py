"""Targets: where rules deliver."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import ProtectedError

from eventhub.models.bus import Bus
from eventhub.models.change import Dated

target_name = RegexValidator(
    r"\A[.\-_A-Za-z0-9]{1,64}\Z", "wanted 1 to 64 letters, digits, dots, hyphens or underscores"
)


class Target(Dated):
    """A receiver of deliveries; several rules may share one."""

    class Kind(models.TextChoices):
        """What sort of receiver a target is."""

        WEBHOOK = "webhook", "webhook"  # an HTTP POST of the envelope
        BUS = "bus", "bus"  # another bus of this installation

    name = models.CharField(max_length=64, unique=True, validators=[target_name])
    kind = models.CharField(max_length=32, choices=Kind.choices, default=Kind.WEBHOOK)
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
    enabled = models.BooleanField(
        default=True, help_text="Deliveries to a disabled target wait; none is lost."
    )
    max_attempts = models.PositiveSmallIntegerField(
        default=185, help_text="Tries before a delivery is put among the dead letters (1 to 185)."
    )
    max_age_seconds = models.PositiveIntegerField(
        default=86_400,
        help_text="Give up on a delivery this long after its event was accepted (60 to 86400 s).",
    )
    timeout_seconds = models.PositiveSmallIntegerField(
        default=15, help_text="How long one attempt may take in all (1 to 60 s)."
    )
    note = models.CharField(max_length=512, blank=True, help_text="For people: what this receiver is for.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a target that its kind could not deliver to, naming the field."""
        errors: dict[str, Any] = {}
        if self.kind == self.Kind.WEBHOOK:
            try:
                check_url(self.url)
            except ValueError as error:
                errors["url"] = str(error)
            self.bus = None
        else:
            if self.bus_id is None:
                errors["bus"] = "a bus target needs a bus"
            self.url = ""
        for field, low, high in (
            ("max_attempts", 1, 185),
            ("max_age_seconds", 60, 86_400),
            ("timeout_seconds", 1, 60),
        ):
            value = getattr(self, field)
            if value is not None and not low <= value <= high:
                errors[field] = f"wanted {low} to {high}, found {value}"
        if errors:
            raise ValidationError(errors)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the target, unless rules deliver to it."""
        using = list(self.links.select_related("rule__bus"))
        if using:
            names = ", ".join(f"{link.rule.name} (bus {link.rule.bus.name})" for link in using)
            raise ProtectedError(
                f"target {self.name} is used by rule {names}: take it out of the rule first", set(using)
            )
        return super().delete(*args, **kwargs)

    @property
    def address(self) -> str:
        """Return where it delivers, for people: the URL or the bus."""
        return self.url if self.kind == self.Kind.WEBHOOK else f"bus {self.bus}"


def check_url(url: str) -> None:
    """Raise ValueError, saying what was wanted and found, unless ``url`` is one we may POST to."""
    if not url:
        raise ValueError("a webhook target needs a URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"wanted http://host/path or https://host/path, found {url!r}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"wanted http://host/path or https://host/path, found {url!r}")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "a URL with a user name or password in it is not allowed: it would be shown on pages"
        )
    if port == 0 or any(ord(character) <= 32 or ord(character) == 127 for character in url):
        raise ValueError(f"wanted http://host/path or https://host/path, found {url!r}")
