"""Global endpoints: one address for a bus here and a bus of the same name in another Region.

There is no second Region here, so an endpoint always routes to its primary bus. What it says of the other one
is kept and told again.
"""

import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from eventhub.models.change import Dated

STATE = "ACTIVE"
REASON = (
    "Events are put on the primary event bus. There is no other Region: nothing fails over or is replicated."
)

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_BUS = re.compile(r"arn:aws[a-z-]*:events:([a-z]+-[a-z-]+-\d+):\d{12}:event-bus/([.\-_A-Za-z0-9]+)", re.ASCII)
_URL = re.compile(r"(https://)?[.\-a-z0-9]+")  # as EventBridge's model has it: no port

endpoint_name = RegexValidator(
    r"\A[.\-_A-Za-z0-9]{1,64}\Z", "wanted 1 to 64 letters, digits, dots, hyphens or underscores"
)
health_check = RegexValidator(
    r"\Aarn:aws[a-z-]*:route53:::healthcheck/[-a-z0-9]+\Z",
    "wanted the ARN of a health check, arn:aws:route53:::healthcheck/ID",
)
role = RegexValidator(r"\Aarn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]+\Z", "wanted the ARN of a role")


def new_endpoint_id() -> str:
    """Return an id of the form that EventBridge's have."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(13))
    return f"{letters[:10]}.{letters[10:]}"


class GlobalEndpoint(Dated):
    """An endpoint, which PutEvents names by its id."""

    name = models.CharField(max_length=64, unique=True, validators=[endpoint_name])
    description = models.CharField(max_length=512, blank=True)
    endpoint_id = models.CharField(max_length=50, unique=True, editable=False, blank=True)  # once it is made
    bus = models.ForeignKey(
        "eventhub.Bus",
        verbose_name="primary bus",
        on_delete=models.PROTECT,
        related_name="endpoints",
        help_text="Takes all events of the endpoint.",
    )
    secondary_bus = models.CharField(
        max_length=512, help_text="The ARN of the bus of the same name in another Region."
    )
    health_check = models.CharField(
        max_length=1600, validators=[health_check], help_text="The ARN of Route 53's. It is not asked."
    )
    replicates = models.BooleanField(default=True, help_text="Kept and told; nothing is replicated.")
    role = models.CharField("role", max_length=256, blank=True, validators=[role])

    class Meta:
        verbose_name = "global endpoint"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def secondary_region(self) -> str:
        """Return the Region of the secondary bus."""
        found = _BUS.fullmatch(self.secondary_bus)
        return found[1] if found else ""

    @property
    def url(self) -> str:
        """Return where its events are posted; nothing if EventBridge could not tell such an address."""
        parts = urlsplit(settings.PUBLIC_URL)
        address = f"{parts.scheme}://{parts.netloc}"
        return address if _URL.fullmatch(address) else ""

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the endpoint; a new one gets its id."""
        if self._state.adding:
            self.endpoint_id = new_endpoint_id()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse buses of other names, or both in this Region."""
        if not self.bus_id:
            return  # the field says so
        if "/" in self.bus.name:
            raise ValidationError({"bus": "wanted a bus that is not a partner's"})
        found = _BUS.fullmatch(self.secondary_bus)
        if found is None:
            wrong = "wanted the ARN of a bus, arn:aws:events:REGION:ACCOUNT:event-bus/NAME"
        elif found[1] == settings.REGION:
            wrong = f"wanted a bus of another Region than {settings.REGION}"
        elif found[2] != self.bus.name:
            wrong = f"wanted a bus named {self.bus.name} as the primary one, found {found[2]}"
        else:
            return
        raise ValidationError({"secondary_bus": wrong})
