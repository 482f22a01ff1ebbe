"""Configure: what admin and REST have in common when they change buses, rules and targets."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum

from django.db import transaction

from eventhub.domain.signature import PrivateKey, parse_secret, private_key, symmetric_secret
from eventhub.flow.process import NotRunningError, parts
from eventhub.journal.port import OutcomeState
from eventhub.journal.rows import OutcomeRow
from eventhub.models import Bus, Rule, Target

_left_to_caller: ContextVar[bool] = ContextVar("left_to_caller", default=False)


def take_effect() -> None:
    """Put what this transaction changes in force as soon as it commits; other processes take a second."""
    if not _left_to_caller.get():
        # Robust: the change is committed by then; a rulebook that cannot be loaded now is loaded later.
        transaction.on_commit(effect, robust=True)


@contextmanager
def effect_left_to_caller() -> Iterator[None]:
    """Let ``take_effect`` do nothing: the caller calls ``effect``, perhaps once for several changes."""
    token = _left_to_caller.set(True)
    try:
        yield
    finally:
        _left_to_caller.reset(token)


def effect() -> None:
    """Put in force in this process whatever is committed."""
    try:
        keeper = parts().keeper
    except NotRunningError:  # a command that configures without a role; running processes watch the version
        return
    keeper.refresh()


class Switch(StrEnum):
    """What stops a target's deliveries and lets them go on; what waits is kept and counted."""

    ENABLE = "enable"
    DISABLE = "disable"
    PAUSE = "pause"
    RESUME = "resume"


_SWITCHED: dict[Switch, dict[str, object]] = {
    Switch.ENABLE: {"enabled": True, "disabled_reason": ""},
    Switch.DISABLE: {"enabled": False},
    Switch.PAUSE: {"paused": True},
    Switch.RESUME: {"paused": False},
}


def switch_bus(bus: Bus, *, paused: bool) -> None:
    """Pause a bus, so that its events wait for routing, or resume it, whatever else changes meanwhile."""
    with transaction.atomic():
        Bus.objects.filter(pk=bus.pk).update(paused=paused, updated_at=datetime.now(tz=UTC))
        take_effect()


def switch_rule(rule: Rule, *, enabled: bool, by: str) -> None:
    """Enable or disable a rule, and record the version that this makes."""
    with transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(enabled=enabled, updated_at=datetime.now(tz=UTC))
        Rule.objects.get(pk=rule.pk).record_version(by=by)
        take_effect()


def switch(target: Target, how: Switch) -> None:
    """Enable, disable, pause or resume a target, whatever else is changed in it at the same time."""
    with transaction.atomic():
        # With its moment: an attempt that began before says nothing of the target as it is now (``gone``).
        changed = Target.objects.filter(pk=target.pk)
        changed.update(**_SWITCHED[how], updated_at=datetime.now(tz=UTC))
        take_effect()


class Algorithm(StrEnum):
    """How webhooks are signed."""

    V1 = "v1"  # HMAC-SHA256: both sides know the secret
    V1A = "v1a"  # Ed25519: the receiver knows the public key


def rotate_signing(
    target: Target, *, algorithm: Algorithm, text: str = "", overlap_seconds: float
) -> tuple[str, str]:
    """Give a webhook a new signing secret; the old ones go on signing beside it for the overlap.

    ``text`` is a secret of the caller's own (then it says the algorithm too); one is made without it. Returns
    the secret and, of a pair, the public key. Raises signature.SecretError.
    """
    if text:
        secret = parse_secret(text)
    elif algorithm is Algorithm.V1A:
        secret = private_key(secrets.token_bytes(32))
    else:
        secret = symmetric_secret(secrets.token_bytes(32))
    with transaction.atomic():
        row = Target.objects.select_for_update().get(pk=target.pk)
        row.sign_with(str(secret), now=time.time_ns() // 1000, overlap_seconds=overlap_seconds)
        row.save(update_fields=["sealed", "updated_at"])
        take_effect()
    return str(secret), str(secret.public) if isinstance(secret, PrivateKey) else ""


def has_pending(bus: Bus) -> bool:
    """Tell whether deliveries of the bus's events still wait."""
    return OutcomeRow.objects.filter(bus_id=bus.pk, state=OutcomeState.PENDING).exists()
