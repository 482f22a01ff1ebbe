"""Rolling a rule back to one of its versions, which makes a new version that is equal to the old one."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.flow.configure import take_effect
from eventhub.models import Rule, RuleVersion, Target, because

_OR = '{"$or": ['


class VersionRefusedError(Exception):
    """The rule cannot be as that version was; the text says why."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """A rule before and after, as versions state it, and the number of the version that this made."""

    number: int
    before: dict[str, Any]
    after: dict[str, Any]


def state_of_version(version: RuleVersion) -> dict[str, Any]:
    """Return what a version says of its rule, with the pattern that people wrote."""
    targets = [{name: value for name, value in one.items() if name != "id"} for one in version.targets]
    return {
        "name": version.name,
        "pattern": own_pattern(version),
        "schedule_expression": version.schedule_expression or "",
        "enabled": version.enabled,
        "shadow": version.shadow,
        "targets": sorted(targets, key=lambda one: str(one["name"])),
    }


def own_pattern(version: RuleVersion) -> str:
    """Return the rule's own pattern: what a version routes by has its schedule joined to it."""
    if not version.schedule_expression:
        return version.pattern
    if not version.pattern.startswith(_OR):
        return ""
    _scheduled, end = json.JSONDecoder().raw_decode(version.pattern, len(_OR))
    return version.pattern[end:].removeprefix(", ").removesuffix("]}")


def roll_back_to(rule: Rule, number: int, caller: Caller, *, keep: bool = True) -> Rolled:
    """Make a rule what it was in a version; without ``keep`` only tell what would change.

    Raises VersionRefusedError, also for a target of that version which the caller may not use.
    """
    version = rule.versions.filter(number=number).first()
    latest = rule.versions.order_by("-number").first()
    if version is None or latest is None:
        raise VersionRefusedError(f"rule {rule.name} has no version {number}")
    if version.schedule_expression is None and _is_scheduled(version):
        raise VersionRefusedError("the version was recorded before versions kept schedules")
    before, after = state_of_version(latest), state_of_version(version)
    try:
        with transaction.atomic(), because(f"back to version {number}"):
            row = Rule.objects.select_for_update().select_related("bus").get(pk=rule.pk)
            row.name, row.pattern, row.enabled = version.name, after["pattern"], version.enabled
            row.shadow = version.shadow
            row.schedule_expression = after["schedule_expression"]
            row.full_clean()
            row.save()
            row.set_links(_links(row, version, seen.targets(caller)))
            made = row.record_version(by=caller.who)
            if made is None:
                raise VersionRefusedError(f"the rule is as it was in version {number}")
            if keep:
                take_effect()
            else:
                transaction.set_rollback(True)
    except ValidationError as error:
        raise VersionRefusedError("; ".join(error.messages)) from error
    except IntegrityError as error:
        raise VersionRefusedError("another request changed the rule at the same moment") from error
    return Rolled(made.number, before, after)


def _links(
    rule: Rule, version: RuleVersion, usable: QuerySet[Target]
) -> list[tuple[Target, str, Any, dict[str, Any]]]:
    """Return the version's targets; what a version does not say of one stays as it is, if the rule has it."""
    there = {link.target_id: link for link in rule.links.all()}
    links = []
    for one in version.targets:
        target = usable.filter(pk=one["id"]).first() or usable.filter(name=one["name"]).first()
        if target is None:
            raise VersionRefusedError(f"there is no target named {one['name']} any more that you may use")
        link = there.get(target.pk)
        identifier, told = (link.identifier, link.told) if link else (target.name, {})
        links.append((target, identifier, one.get("transform"), told))
    return links


def _is_scheduled(version: RuleVersion) -> bool:
    return '"Scheduled Event"' in version.pattern and '"aws.events"' in version.pattern
