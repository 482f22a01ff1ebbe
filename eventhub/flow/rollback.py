"""Rolling back: a change in the audit trail is taken back by another change, which is recorded like any.

What the entry's change made is deleted, what it deleted is made anew (under another number), and of what it
changed the same fields become what they were; what came later in other fields stays. The models judge the
result as they judge every change. Secrets are not in the trail, so they are never restored.

A plan is the rollback itself, made and rolled back: it tells what would happen, and no guess of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.flow.archives import size_of
from eventhub.flow.configure import has_pending, take_effect
from eventhub.flow.process import NotRunningError, parts
from eventhub.flow.restored import MissingError, fill, restore_links
from eventhub.models import (
    ApiDestination,
    Archive,
    AuditEntry,
    Bus,
    Connection,
    Rule,
    Target,
    because,
)
from eventhub.models.state import kind_of, read

RESTORED: Mapping[str, type[Any]] = {
    kind_of(model): model for model in (Bus, Rule, Target, Connection, ApiDestination, Archive)
}


class RollbackRefusedError(Exception):
    """The change cannot be taken back; the text says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollback does to a thing: its state now and then, None where it is not there."""

    kind: str
    object_id: str
    name: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    notes: tuple[str, ...] = ()  # what it does not bring back


def plan(entry: AuditEntry, caller: Caller) -> Plan:
    """Return what taking back an entry's change would do; raises RollbackRefusedError."""
    return _judged(lambda: _take_back(entry, caller), keep=False)


def roll_back(entry: AuditEntry, caller: Caller, *, reason: str = "") -> Plan:
    """Take back an entry's change; raises RollbackRefusedError. Rules get targets that the caller may use."""
    with because(reason, rolls_back=entry.pk):
        return _judged(lambda: _take_back(entry, caller), keep=True)


def _judged(change: Callable[[], Plan], *, keep: bool) -> Plan:
    try:
        with transaction.atomic():
            done = change()
            if keep:
                take_effect()
            else:
                transaction.set_rollback(True)
            return done
    except ValidationError as error:
        raise RollbackRefusedError(_said(error)) from error
    except MissingError as error:
        raise RollbackRefusedError(str(error)) from error
    except ProtectedError as error:
        raise RollbackRefusedError(str(error.args[0])) from error
    except IntegrityError as error:
        raise RollbackRefusedError("another request changed the same thing at the same moment") from error


def _take_back(entry: AuditEntry, caller: Caller) -> Plan:
    model = RESTORED.get(entry.kind)
    if model is None:
        wanted = ", ".join(RESTORED)
        raise RollbackRefusedError(
            f"changes of these can be rolled back: {wanted}; this one is of {entry.kind}"
        )
    if entry.before is None:
        return _unmake(model, entry)
    if entry.after is None:
        return _make(model, entry, caller)
    return _change(model, entry, caller)


def _unmake(model: type[Any], entry: AuditEntry) -> Plan:
    row = _row(model, entry)
    if isinstance(row, Bus):
        if rules := row.rules.count():
            raise RollbackRefusedError(
                f"bus {row.name} has {rules} rule{'s' * (rules != 1)}: delete it itself"
            )
        if has_pending(row):
            raise RollbackRefusedError(f"bus {row.name} has waiting deliveries: delete it itself")
    if isinstance(row, Archive) and _holds_events(row):
        raise RollbackRefusedError(
            f"archive {row.name} keeps events, which would go with it: delete it itself"
        )
    now = read(model, [row.pk])[row.pk]
    row.delete()
    return Plan(entry.kind, entry.object_id, now.name, now.told(), None)


def _make(model: type[Any], entry: AuditEntry, caller: Caller) -> Plan:
    row = model()
    before = entry.before or {}
    try:
        _restore(row, before, caller)
    except ValidationError as error:
        if secrets := before.get("secrets"):
            raise RollbackRefusedError(
                f"it cannot be made as it was without its secrets ({', '.join(secrets)}), which the trail "
                f"does not keep: {_said(error)}"
            ) from error
        raise
    made = read(model, [row.pk])[row.pk]
    notes = [f"it has another number: {row.pk}"]
    if secrets := before.get("secrets"):
        notes.append(f"its secrets are not restored: {', '.join(secrets)}")
    return Plan(entry.kind, str(row.pk), made.name, None, made.told(), tuple(notes))


def _change(model: type[Any], entry: AuditEntry, caller: Caller) -> Plan:
    row = _row(model, entry)
    was, then = entry.before or {}, entry.after or {}
    differing = {name for name in was.keys() | then.keys() if was.get(name) != then.get(name)}
    if not differing - {"secrets"}:
        raise RollbackRefusedError("only secrets changed, and the trail does not keep them")
    notes = ["secrets stay as they are now"] if "secrets" in differing else []
    now = read(model, [row.pk])[row.pk]
    _restore(row, {name: was[name] for name in differing - {"secrets"} if name in was}, caller)
    after = read(model, [row.pk])[row.pk]
    if now.told() == after.told(now):
        raise RollbackRefusedError("there is nothing to take back: it is as it was before")
    return Plan(entry.kind, entry.object_id, after.name, now.told(), after.told(now), tuple(notes))


def _restore(row: Any, values: Mapping[str, Any], caller: Caller) -> None:
    fill(row, values)
    row.full_clean()
    row.save()
    if isinstance(row, Rule):
        if "targets" in values:
            restore_links(row, values["targets"], seen.targets(caller))
        row.record_version(by=caller.who)


def _row(model: type[Any], entry: AuditEntry) -> Any:
    row = model.objects.select_for_update().filter(pk=entry.object_id).first()
    if row is None:
        raise RollbackRefusedError(f"{entry.kind} {entry.name} is not there any more")
    return row


def _holds_events(archive: Archive) -> bool:
    try:
        return size_of(parts().journal, archive).events > 0
    except NotRunningError:
        raise RollbackRefusedError("what the archive keeps can be asked of a running hub alone") from None


def _said(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return "; ".join(error.messages)
    return "; ".join(
        f"{name}: {message}" if name != "__all__" else message
        for name, messages in error.message_dict.items()
        for message in messages
    )
