"""Editing a rule as a whole, with its targets: judged by the models, saved against the state that was seen.

A page that a person works on for minutes must not undo what another one saved meanwhile. So it keeps the
state's tag, and saving compares it under the row's lock, as ``If-Match`` does over REST.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from eventhub.flow.configure import take_effect
from eventhub.flow.versions import state_of_version
from eventhub.models import Bus, Rule, RuleTarget, RuleVersion, Target, because


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule as a person wants it. ``links``: each target with its transform, None for the event itself."""

    name: str
    pattern: str
    description: str = ""
    schedule_expression: str = ""
    enabled: bool = True
    shadow: bool = False
    links: Sequence[tuple[Target, Any]] = ()

    def state(self) -> dict[str, Any]:
        """Return what a version of it would say, as ``versions.state_of_version`` does."""
        targets = [
            {"name": target.name} if transform is None else {"name": target.name, "transform": transform}
            for target, transform in self.links
        ]
        return {
            "name": self.name,
            "pattern": self.pattern,
            "schedule_expression": self.schedule_expression,
            "enabled": self.enabled,
            "shadow": self.shadow,
            "targets": sorted(targets, key=lambda one: str(one["name"])),
        }

    def fill(self, rule: Rule) -> Rule:
        """Put the draft's own members into a row, and return it; targets and saving are the caller's."""
        rule.name, rule.pattern, rule.description = self.name, self.pattern, self.description
        rule.schedule_expression = self.schedule_expression
        rule.enabled, rule.shadow = self.enabled, self.shadow
        return rule


class ChangedMeanwhileError(Exception):
    """Another one saved the rule since it was seen; ``version`` is what they made, if it was a version."""

    def __init__(self, version: RuleVersion | None) -> None:
        super().__init__("the rule was changed meanwhile")
        self.version = version


def draft_of(rule: Rule) -> Draft:
    """Return a rule as it is."""
    links = rule.links.select_related("target").order_by("pk")
    return Draft(
        rule.name,
        rule.pattern,
        rule.description,
        rule.schedule_expression,
        rule.enabled,
        rule.shadow,
        [(link.target, link.transform) for link in links],
    )


def tag_of(rule: Rule) -> str:
    """Return the tag of a rule's state: another one after each change, through whichever door."""
    newest = rule.versions.order_by("-number").values_list("number", flat=True).first()
    return f"{newest or 0}.{rule.updated_at:%Y%m%d%H%M%S%f}"


def faults_of(rule: Rule, draft: Draft) -> dict[str, list[str]]:
    """Return what the models refuse of a draft, by member; of transforms by ``transform.<target>``.

    ``rule`` is the row that the draft would become, or a new one with its bus; nothing is saved.
    """
    faults: dict[str, list[str]] = {}
    try:
        draft.fill(rule).full_clean()
    except ValidationError as error:
        faults |= _by_member(error)
    seen: set[int] = set()
    for target, transform in draft.links:
        if target.pk in seen:
            faults.setdefault("targets", []).append(f"wanted each target once, found {target.name} twice")
        seen.add(target.pk)
        try:
            RuleTarget(rule=rule, target=target, transform=transform).clean()
        except ValidationError as error:
            faults[f"transform.{target.name}"] = error.messages
    return faults


def save(rule: Rule, draft: Draft, *, who: str, tag: str, reason: str = "") -> RuleVersion | None:
    """Make a rule what a draft says; return the version that this made, None if only words changed.

    Raises ChangedMeanwhileError if its state is not the one of ``tag``, ValidationError as the models do.
    """
    try:
        with transaction.atomic(), because(reason) if reason else nullcontext():
            row = Rule.objects.select_for_update().get(pk=rule.pk)
            if tag_of(row) != tag:
                raise ChangedMeanwhileError(row.versions.order_by("-number").first())
            return _write(row, draft, who)
    except IntegrityError as error:
        raise ValidationError({"name": "another request changed the bus at the same moment"}) from error


def make(bus: Bus, draft: Draft, *, who: str) -> Rule:
    """Make a rule on a bus; raises ValidationError."""
    try:
        with transaction.atomic():
            rule = Rule(bus=bus)
            _write(rule, draft, who)
    except IntegrityError as error:
        raise ValidationError({"name": "the bus already has a rule of this name"}) from error
    return rule


def differing(rule: Rule, draft: Draft) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return a rule's state and a draft's, as they are compared before saving, description included."""
    version = rule.versions.order_by("-number").first()
    now = draft_of(rule).state() if version is None else state_of_version(version)
    return now | {"description": rule.description}, draft.state() | {"description": draft.description}


def _write(row: Rule, draft: Draft, who: str) -> RuleVersion | None:
    if faults := faults_of(row, draft):
        raise ValidationError({_member(name): messages for name, messages in faults.items()})
    row.save()
    there = {link.target_id: link for link in row.links.all()}
    row.set_links(
        # A new link finds an identifier of its own.
        (target, there[target.pk].identifier, transform, there[target.pk].told)
        if target.pk in there
        else (target, "", transform, {})
        for target, transform in draft.links
    )
    made = row.record_version(by=who)
    take_effect()
    return made


def _member(name: str) -> str:
    return "targets" if name.startswith("transform.") else name


def _by_member(error: ValidationError) -> dict[str, list[str]]:
    if not hasattr(error, "error_dict"):
        return {"__all__": error.messages}
    return {
        # Of its constraints the model has one: that names are unlike each other on a bus.
        "name" if name == "__all__" else name: messages
        for name, messages in error.message_dict.items()
    }
