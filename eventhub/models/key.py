"""API keys and one-time sign-in links, as rows; what they allow is decided in ``access``."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from eventhub.domain.sources import read_sources
from eventhub.models.bus import Bus
from eventhub.models.change import Dated
from eventhub.models.recording import Subject, recorded

account_id = RegexValidator(r"\A[0-9]{12}\Z", "wanted 12 digits")


class ApiKey(Dated):
    """A credential of a program: an id, and a secret kept as a digest (to compare) and sealed (for SigV4)."""

    id = models.CharField("key id", max_length=32, primary_key=True)
    name = models.CharField(max_length=100, help_text="For people: whose key this is.")
    secret_digest = models.BinaryField(max_length=32, editable=False)
    sealed_secret = models.BinaryField(editable=False)
    # The secret before this one, which is good until then.
    old_secret_digest = models.BinaryField(max_length=32, null=True, editable=False)
    old_sealed_secret = models.BinaryField(null=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    scopes = models.JSONField(default=list)
    buses = models.ManyToManyField(Bus, blank=True, help_text="Leave empty for every bus.")
    sources = models.JSONField(
        default=list,
        blank=True,
        help_text="Which sources it may put events of: names, or beginnings such as shop.*. "
        "None: every source.",
    )
    account = models.CharField(
        max_length=12,
        blank=True,
        validators=[account_id],
        help_text="Of a partner: an account of 12 digits. Such a key only puts events, on buses whose policy "
        "allows that account. Leave empty for a key of this installation.",
    )
    rate_per_second = models.FloatField(
        "requests a second",
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01), MaxValueValidator(1_000_000)],
        help_text="At most so many requests a second at each web process; the rest is answered 429.",
    )
    enabled = models.BooleanField(default=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    recorded_with = ("buses",)

    class Meta:
        verbose_name = "API key"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    def recorded_beside(self, new: bool) -> dict[str, Any]:
        """Return the buses that it is limited to; one that was made just now has none yet."""
        return {"buses": [] if new else sorted(bus.name for bus in self.buses.all())}

    def set_buses(self, buses: Iterable[Bus]) -> None:
        """Limit the key to these buses; to none: it is for every bus. Call it inside a transaction."""
        with recorded(Subject(ApiKey, self.pk)):
            self.buses.set(buses)

    def clean(self) -> None:
        """Refuse sources that nobody could be held against."""
        given: Any = self.sources
        try:
            read_sources(given if isinstance(given, list) else [given])
        except ValueError as error:
            raise ValidationError({"sources": str(error)}) from error


class KeyUse(models.Model):
    """When a key last opened a door, to the minute. Apart from the key: no change of the configuration."""

    key = models.OneToOneField(ApiKey, on_delete=models.CASCADE, primary_key=True, related_name="use")
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key_id} at {self.last_at:%Y-%m-%d %H:%M}"


class SignInLink(models.Model):
    """A link that signs one person in once, made at start on a loopback address for the terminal."""

    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"link of {self.user} until {self.expires_at:%H:%M:%S}"
