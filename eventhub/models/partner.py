"""Partner event sources: what a partner offers to an account, and the bus that takes its events.

::

    offered ─► PENDING ── a bus of its name is made, or it is activated ──► ACTIVE
                  ▲ │                                                        │ │
                  │ └── two weeks ─► gone                     withdrawn ◄────┘ │
                  └──────────── deactivated, or its bus deleted ◄──────────────┘

A source that is withdrawn, or stays deactivated for two weeks, is DELETED as long as there is its bus.
"""

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from eventhub.models.change import Dated

PENDING_FOR = timedelta(days=14)  # as EventBridge has it
MAX_NAME = 256

_SOURCE = r"aws\.partner(/[.\-_A-Za-z0-9]+){2,}"
source_name = RegexValidator(
    rf"\A{_SOURCE}\Z",
    "wanted aws.partner/PARTNER/NAME, of letters, digits, dots, hyphens or underscores",
)
account_id = RegexValidator(r"\A[0-9]{12}\Z", "wanted 12 digits")


class SourceStateError(ValueError):
    """A source is not in a state from which it may be taken into another one."""


class PartnerSource(Dated):
    """A stream of events that a partner offers to one account; the bus that takes it has the same name."""

    class State(models.TextChoices):
        """What the account that it is offered to sees."""

        PENDING = "PENDING", "pending"  # there is no bus for it, or it was deactivated
        ACTIVE = "ACTIVE", "active"  # its events are put on its bus
        DELETED = "DELETED", "deleted"  # the partner withdrew it, or it was pending too long; its bus is left

    name = models.CharField(
        max_length=MAX_NAME,
        unique=True,
        validators=[source_name],
        help_text="aws.partner/PARTNER/NAME, such as aws.partner/example.com/acme/orders.",
    )
    account = models.CharField(
        max_length=12,
        validators=[account_id],
        help_text="The account that it is offered to. This installation's can make a bus for it.",
    )
    bus = models.OneToOneField(
        "eventhub.Bus", null=True, editable=False, on_delete=models.SET_NULL, related_name="partner_source"
    )
    pending_since = models.DateTimeField(null=True, default=timezone.now, editable=False)  # null: not pending
    withdrawn = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = "partner event source"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def there(cls, now: datetime | None = None) -> "QuerySet[PartnerSource]":
        """Return the sources without those that were pending for too long and left nothing behind."""
        oldest = (now or timezone.now()) - PENDING_FOR
        return cls.objects.exclude(Q(bus=None) & Q(pending_since__lt=oldest))

    @classmethod
    def shared(cls, now: datetime | None = None) -> "QuerySet[PartnerSource]":
        """Return the sources that are offered to this installation's account."""
        return cls.there(now).filter(account=settings.ACCOUNT_ID)

    @property
    def partner(self) -> str:
        """Return who offers it.

        >>> PartnerSource(name="aws.partner/example.com/acme/orders").partner
        'aws.partner/example.com'
        """
        return "/".join(self.name.split("/")[:2])

    @property
    def expires_at(self) -> datetime | None:
        """Return when it will be deleted if it stays pending."""
        return None if self.pending_since is None else self.pending_since + PENDING_FOR

    @property
    def state(self) -> State:
        """Return its state now."""
        if self.withdrawn or (self.expires_at is not None and self.expires_at <= timezone.now()):
            return self.State.DELETED
        return self.State.ACTIVE if self.pending_since is None else self.State.PENDING

    def clean(self) -> None:
        """Refuse another name or account for a source: its events carry the one and go to the other."""
        before = PartnerSource.objects.filter(pk=self.pk).first() if self.pk is not None else None
        if before is None:
            # Nobody sees it any more, and its name may be offered again.
            gone = PartnerSource.objects.filter(name=self.name, bus=None)
            gone.filter(pending_since__lt=timezone.now() - PENDING_FOR).delete()
        elif before.name != self.name:
            raise ValidationError({"name": "a source keeps its name: make another source instead"})
        elif before.account != self.account:
            raise ValidationError({"account": "a source keeps its account: make another source instead"})

    def activate(self) -> None:
        """Let its events on to its bus again; raises SourceStateError."""
        if self.state == self.State.ACTIVE:
            raise SourceStateError(f"Event source {self.name} is active already.")
        if self.state == self.State.DELETED:
            raise SourceStateError(f"Event source {self.name} is deleted.")
        if self.bus is None:
            raise SourceStateError(f"Event source {self.name} has no event bus: create the bus of its name.")
        self._keep(pending_since=None)

    def deactivate(self) -> None:
        """Refuse its events from now on; its bus stays. Raises SourceStateError."""
        if self.state != self.State.ACTIVE:
            raise SourceStateError(f"Event source {self.name} is {self.state.label}, not active.")
        self._keep(pending_since=timezone.now())

    def lose_bus(self) -> None:
        """Go back to what it was before its bus, which is deleted now."""
        if self.state == self.State.DELETED:
            super().delete()
        else:
            self._keep(bus=None, pending_since=timezone.now())

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Withdraw the source. While it has a bus, it stays in the state DELETED."""
        if self.bus is None:
            return super().delete(*args, **kwargs)
        self._keep(withdrawn=True)
        return 0, {}

    def _keep(self, **changed: Any) -> None:
        for name, value in changed.items():
            setattr(self, name, value)
        self.save(update_fields=[*changed, "updated_at"])


def is_source_name(text: str) -> bool:
    """Tell whether a text could be a source's name, and so that of a bus which takes a source.

    >>> is_source_name("aws.partner/example.com/orders"), is_source_name("orders")
    (True, False)
    """
    return len(text) <= MAX_NAME and re.fullmatch(_SOURCE, text) is not None
