"""Putting what the audit trail says of a thing into its row: columns, rows it names, a rule's targets."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from eventhub.models import AuditEntry, Rule, Target
from eventhub.models.state import kind_of

_BESIDE = {"targets", "secrets"}


class MissingError(Exception):
    """A thing that the restored one refers to is not there; the text names it."""


def fill(row: Any, values: Mapping[str, Any]) -> None:
    """Set the columns of a row from a state; raises MissingError. Saving is the caller's."""
    columns = {column.name: column for column in row._meta.concrete_fields}
    for name, value in values.items():
        column = columns.get(name)
        if name in _BESIDE or column is None:  # or a column of an older version, which means nothing now
            continue
        refers = column.is_relation and value is not None
        setattr(row, name, named(column.related_model, value) if refers else value)


def restore_links(rule: Rule, said: Iterable[Mapping[str, Any]], usable: QuerySet[Target]) -> None:
    """Give a rule the targets that a state tells; raises ValidationError, and MissingError if not usable."""
    rule.set_links(
        (
            named(Target, one["name"], usable),
            one.get("identifier", one["name"]),
            one.get("transform"),
            dict(one.get("told", {})),
        )
        for one in said
    )


def named(model: type[Any], name: str, among: QuerySet[Any] | None = None) -> Any:
    """Return the row of a name; raises MissingError, saying which change deleted it."""
    row = (model.objects.all() if among is None else among).filter(name=name).first()
    if row is not None:
        return row
    kind = kind_of(model)
    gone = AuditEntry.objects.filter(kind=kind, name=name, action="deleted").order_by("-id").first()
    hint = f": roll back change {gone.pk}, which deleted it, first" if gone else ""
    if not gone and among is not None:
        hint = " that you may use"
    raise MissingError(f"there is no {kind} named {name}{hint}")
