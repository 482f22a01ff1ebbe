"""What an import does, or would do."""

import json
import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from eventhub.flow.as_values import State

_SHOWN = 200  # characters of a value
# What code raises that meets a value which it did not reckon with.
BROKEN = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

log = logging.getLogger("eventhub.import")


class ImportRefusedError(ValueError):
    """The text is nothing that can be imported; the sentence says where and why."""


class UnsupportedError(ValueError):
    """A resource, or a part of it, that cannot be taken over; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about a place in what is imported."""

    where: str
    text: str


def broken(where: str, error: Exception) -> Remark:
    """Return the refusal of what met a fault of ours, which is logged with its trace."""
    log.error("import.broken", exc_info=error, extra={"fields": {"where": where}})
    return Remark(
        where, f"wanted values that can be worked with, found {type(error).__name__}: {error!s:.200}"
    )


@dataclass(frozen=True, slots=True)
class Change:
    """A row that is added, changed or removed, with each member that differs: before and after."""

    what: str  # "added", "changed", "removed"
    kind: str  # "rule", "target" …
    name: str
    members: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """What came of an import."""

    is_applied: bool = False
    changes: list[Change] = field(default_factory=list)
    unsupported: list[Remark] = field(default_factory=list)  # left out, with the reason
    refused: list[Remark] = field(default_factory=list)  # any of them refuses the import
    notes: list[Remark] = field(default_factory=list)  # what was assumed

    def lines(self) -> Iterator[str]:
        """Yield the report for people."""
        for change in self.changes:
            sign = {"added": "+", "changed": "~", "removed": "-"}[change.what]
            yield f"{sign} {change.kind} {change.name}"
            for name, (before, after) in change.members.items():
                if change.what == "added":
                    yield f"    {name}: {shown(after)}"
                else:
                    yield f"    {name}: {shown(before)} → {shown(after)}"
        for remarks, sign in (
            (self.notes, "note"),
            (self.unsupported, "left out"),
            (self.refused, "refused"),
        ):
            for remark in remarks:
                yield f"{sign}: {remark.where}: {remark.text}"

    def document(self) -> dict[str, Any]:
        """Return the report for programs."""
        return {
            "applied": self.is_applied,
            "changes": [
                {
                    "change": one.what,
                    "kind": one.kind,
                    "name": one.name,
                    "members": {
                        name: {"before": before, "after": after}
                        for name, (before, after) in one.members.items()
                    },
                }
                for one in self.changes
            ],
            **{
                name: [{"where": one.where, "text": one.text} for one in remarks]
                for name, remarks in (
                    ("unsupported", self.unsupported),
                    ("refused", self.refused),
                    ("notes", self.notes),
                )
            },
        }


def difference(before: State, after: State, sealed: Collection[tuple[str, str, str]] = ()) -> list[Change]:
    """Return what differs between two states, by section and name.

    ``sealed`` are the secrets that differ, by section, row and name: what they are is never told.
    """
    changes = []
    for section in after:
        was, now = _with_secrets(section, before[section], after[section], sealed)
        kind = section.removesuffix("es") if section == "buses" else section.removesuffix("s")
        kind = kind.replace("_", " ")
        for name in sorted(was.keys() | now.keys()):
            if name not in was:
                members = {member: (None, value) for member, value in now[name].items()}
                changes.append(Change("added", kind, name, members))
            elif name not in now:
                changes.append(Change("removed", kind, name))
            elif was[name] != now[name]:
                differing = sorted(was[name].keys() | now[name].keys())
                members = {
                    member: (was[name].get(member), now[name].get(member))
                    for member in differing
                    if was[name].get(member) != now[name].get(member)
                }
                changes.append(Change("changed", kind, name, members))
    return changes


def _with_secrets(
    section: str,
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    sealed: Collection[tuple[str, str, str]],
) -> tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Mapping[str, Any]]]:
    """Return both states with a member for each secret that is another one in a row that was there."""
    was, now = dict(before), dict(after)
    for of, row, name in sealed:
        if of == section and row in was and row in now:
            was[row] = {**was[row], f"secrets.{name}": "sealed"}
            now[row] = {**now[row], f"secrets.{name}": "sealed, another one"}
    return was, now


def shown(value: Any) -> str:
    """Return a value in one line, cut if it is long."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
