"""Copies of what is configured: a rule or a target beside itself, and a rule on another bus."""

from itertools import count
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model

from eventhub.flow.configure import take_effect
from eventhub.models import Bus, Rule, Target, because

M = TypeVar("M", bound=Model)

MAX_NAME = 64
_OWN = {"id", "created_at", "updated_at"}  # of a row's own life


class CopyRefusedError(Exception):
    """The copy would be refused if it was made today; the text says why."""


class MoveRefusedError(Exception):
    """The rule cannot be on that bus; the text says why."""


def duplicate_rule(rule: Rule, *, by: str) -> Rule:
    """Make the same rule again on its bus under a free name, disabled, so that nothing is delivered twice.

    Raises CopyRefusedError.
    """
    taken = set(Rule.objects.filter(bus=rule.bus_id).values_list("name", flat=True))
    with transaction.atomic(), because(f"a copy of {rule.name}"):
        copy = _copy(rule, name=free_name(rule.name, taken), enabled=False)
        _finish(rule, copy, by=by)
    return copy


def move_rule(rule: Rule, bus: Bus, *, by: str) -> Rule:
    """Put a rule on another bus: the same rule is made there, and the one here is deleted.

    Its versions stay in the audit trail of the bus that it leaves; what it has pending becomes dead letters,
    as with any rule that is deleted. Raises MoveRefusedError.
    """
    if refusal := why_not_move(rule, bus):
        raise MoveRefusedError(refusal)
    with transaction.atomic(), because(f"moved from bus {rule.bus.name} to bus {bus.name}"):
        moved = _copy(rule, bus=bus)
        _finish(rule, moved, by=by)  # before the other goes, for a target that is its own would go with it
        rule.delete()
    return moved


def why_not_move(rule: Rule, bus: Bus) -> str:
    """Return why a rule cannot be on a bus; empty if it can."""
    if rule.bus_id == bus.pk:
        return f"it is on bus {bus.name} already"
    feeding = rule.targets.filter(bus=bus).values_list("name", flat=True)
    if feeding:
        return f"its target {', '.join(feeding)} puts events on bus {bus.name}, which would be a loop"
    try:
        _unsaved(rule, bus=bus).full_clean()
    except ValidationError as error:
        return "; ".join(error.messages)
    return ""


def duplicate_target(target: Target) -> Target:
    """Make the same target again under a free name, with the same secrets; no rule delivers to it yet.

    Raises CopyRefusedError.
    """
    taken = set(Target.objects.filter(name__startswith=target.name[:50]).values_list("name", flat=True))
    with transaction.atomic(), because(f"a copy of {target.name}"):
        copy = _copy(target, name=free_name(target.name, taken), owned=False, disabled_reason="")
        take_effect()
    return copy


def free_name(name: str, taken: set[str]) -> str:
    """Return a name for a copy that nothing has.

    >>> free_name("sales", set()), free_name("sales", {"sales-copy"}), len(free_name("x" * 64, set()))
    ('sales-copy', 'sales-copy-2', 64)
    """
    for number in count(1):
        suffix = "-copy" if number == 1 else f"-copy-{number}"
        free = name[: MAX_NAME - len(suffix)] + suffix
        if free not in taken:
            break
    return free


def _copy(row: M, **changed: Any) -> M:
    copy = _unsaved(row, **changed)
    try:
        copy.full_clean()
    except ValidationError as error:
        raise CopyRefusedError("; ".join(error.messages)) from error
    copy.save()
    return copy


def _unsaved(row: M, **changed: Any) -> M:
    kept = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    given = {name: value for name, value in kept.items() if name not in _OWN}
    copy = type(row)(**given)
    for name, value in changed.items():
        setattr(copy, name, value)
    return copy


def _finish(rule: Rule, copy: Rule, *, by: str) -> None:
    """Give a copy the rule's targets, and record the version that all of it makes."""
    links = rule.links.select_related("target").order_by("pk")
    copy.set_links((link.target, link.identifier, link.transform, link.told) for link in links)
    copy.record_version(by=by)
    take_effect()
