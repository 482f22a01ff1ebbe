"""A draft out of a form, and the form of a rule: texts as people type them, and what is wrong with each."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.flow.editing import Draft, draft_of, tag_of
from eventhub.models import Rule, Target

ENABLED, SHADOW, DISABLED = "enabled", "shadow", "disabled"
STATES = {
    ENABLED: "Enabled: matches are delivered",
    SHADOW: "Shadow: matches are counted, nothing is delivered",
    DISABLED: "Disabled: matches are recorded, nothing is delivered",
}
MOST_LINKS = 50
MOST_CHARACTERS = 64 * 1024  # of a text that is worked on; what may be saved is less


@dataclass(slots=True)
class LinkShown:
    """One target of the form: its name, the transform as text, and what is wrong with it."""

    target: str = ""
    transform: str = ""
    fault: str = ""


@dataclass(slots=True)
class Form:
    """What the form holds. ``faults`` by member; a link has its own."""

    name: str = ""
    description: str = ""
    pattern: str = ""
    schedule_expression: str = ""
    state: str = ENABLED
    reason: str = ""
    tag: str = ""
    links: list[LinkShown] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def add(self, faults: Mapping[str, list[str]]) -> None:
        """Take up what the models refuse."""
        for member, messages in faults.items():
            link = next((one for one in self.links if member == f"transform.{one.target}"), None)
            if link is not None:
                link.fault = link.fault or "; ".join(messages)
            else:
                self.faults.setdefault(member, []).extend(messages)

    @property
    def is_refused(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.faults) or any(link.fault for link in self.links)


def form_of(rule: Rule) -> Form:
    """Return the form of a rule as it is saved."""
    draft = draft_of(rule)
    return Form(
        name=draft.name,
        description=draft.description,
        pattern=draft.pattern,
        schedule_expression=draft.schedule_expression,
        state=state_of(rule),
        tag=tag_of(rule),
        links=[
            LinkShown(
                target.name,
                "" if transform is None else json.dumps(transform, indent=2, ensure_ascii=False),
            )
            for target, transform in draft.links
        ],
    )


def state_of(rule: Rule) -> str:
    """Return a rule's state in one word."""
    if not rule.enabled:
        return DISABLED
    return SHADOW if rule.shadow else ENABLED


def read(given: QueryDict, caller: Caller, rule: Rule | None) -> tuple[Form, Draft]:
    """Return what was typed, and the draft of it as far as it can be read."""

    def text(name: str) -> str:
        return given.get(name, "").replace("\r\n", "\n")[:MOST_CHARACTERS]

    form = Form(
        name=text("name").strip(),
        description=text("description").strip(),
        pattern=text("pattern"),
        schedule_expression=text("schedule_expression").strip(),
        state=text("state") or ENABLED,
        reason=text("reason").strip(),
        tag=text("tag"),
    )
    if form.state not in STATES:
        form.faults["state"] = [f"wanted one of {', '.join(STATES)}, found {form.state[:40]!r}"]
        form.state = ENABLED
    links = _links(given, caller, form)
    draft = Draft(
        name=form.name,
        description=form.description,
        pattern=form.pattern,
        schedule_expression=form.schedule_expression,
        enabled=form.state != DISABLED,
        # Who disables a rule says nothing of its shadow mode, which comes back with it.
        shadow=form.state == SHADOW or (form.state == DISABLED and rule is not None and rule.shadow),
        links=links,
    )
    return form, draft


def _links(given: QueryDict, caller: Caller, form: Form) -> list[tuple[Target, Any]]:
    targets = {one.name: one for one in seen.targets(caller)}
    found = []
    for number in range(MOST_LINKS):
        name = given.get(f"target-{number}", "")
        if not name:
            continue
        link = LinkShown(name, given.get(f"transform-{number}", "").strip()[:MOST_CHARACTERS])
        form.links.append(link)
        if name not in targets:
            link.fault = f"there is no target named {name:.64}"
            continue
        try:
            transform = json.loads(link.transform) if link.transform else None
        except (ValueError, RecursionError) as error:
            link.fault = f"the transform is not JSON: {error}"
            transform = None
        found.append((targets[name], transform))
    return found
