"""The configuration as plain values.

Rows are named; rules by bus and name. What has its default is left out. Secrets are never told, only which
are to be given (``secrets_to_give``).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models

from eventhub.domain.retry import Schedule, default_age_seconds
from eventhub.models import (
    ApiDestination,
    Archive,
    Bus,
    Connection,
    GlobalEndpoint,
    Rule,
    RuleTarget,
    Target,
)
from eventhub.models.sealed import Sealed

# In the order in which they can be made: each refers to those before it only.
SECTIONS: Mapping[str, type[Any]] = {
    "buses": Bus,
    "connections": Connection,
    "api_destinations": ApiDestination,
    "targets": Target,
    "archives": Archive,
    "global_endpoints": GlobalEndpoint,
    "rules": Rule,
}
# Of the row's life here, not of what was configured; secrets never leave the installation.
LEFT_OUT = {"id", "created_at", "updated_at", "sealed", "reason", "disabled_reason", "endpoint_id"}
# Members that name other rows.
REFERRED: Mapping[str, type[Any]] = {
    "bus": Bus,
    "connection": Connection,
    "api_destination": ApiDestination,
    "dead_letter_target": Target,
}
TO_GIVE = "secrets_to_give"
# A section, each row's name in it, and what the row says.
State = Mapping[str, Mapping[str, Mapping[str, Any]]]


def told() -> dict[str, dict[str, dict[str, Any]]]:
    """Return everything that is configured, by section and name."""
    return {section: {key_of(row): _row(row) for row in rows(model)} for section, model in SECTIONS.items()}


def sealed() -> dict[tuple[str, str], dict[str, Any]]:
    """Return all secrets, by section and name of their row: to be compared, never to be shown."""
    return {
        (section, key_of(row)): row.secrets()
        for section, model in SECTIONS.items()
        if issubclass(model, Sealed)
        for row in rows(model)
    }


def document(state: State) -> dict[str, Any]:
    """Return a state as it is written: lists of rows, named by their members."""
    return {section: [dict(row) for row in named.values()] for section, named in state.items() if named}


def document_of(rows: Iterable[models.Model]) -> dict[str, Any]:
    """Return some rows as a document that can be imported where what they refer to is, in its order.

    What they refer to is not added. Raises KeyError for rows of no section.
    """
    sections = {model: section for section, model in SECTIONS.items()}
    said: dict[str, list[dict[str, Any]]] = {section: [] for section in SECTIONS}
    for row in rows:
        said[sections[type(row)]].append(_row(row))
    return {section: sorted(some, key=_order) for section, some in said.items() if some}


def _order(said: Mapping[str, Any]) -> tuple[str, str]:
    return str(said.get("bus", "")), str(said["name"])


def key_of(row: Any) -> str:
    """Return the name of a row in its section."""
    return f"{row.bus.name}/{row.name}" if isinstance(row, Rule) else str(row.name)


def rows(model: type[Any]) -> Any:
    """Return a section's rows in the order in which they are told."""
    if model is Rule:
        return Rule.objects.select_related("bus").order_by("bus__name", "name")
    return model.objects.order_by("name")


def default_of(row: models.Model, field: Any) -> Any:
    """Return what a column of a row has that a text says nothing of: an age, what its schedule takes."""
    if isinstance(row, Target) and field.name == "max_age_seconds" and row.schedule in set(Schedule):
        return default_age_seconds(Schedule(row.schedule))
    return field.get_default()


def _row(row: models.Model) -> dict[str, Any]:
    said: dict[str, Any] = {"name": getattr(row, "name")}  # noqa: B009  # each of these models has it
    for field in row._meta.concrete_fields:
        value = getattr(row, field.name)
        if field.name in {*LEFT_OUT, "name"} or value in (None, ""):
            continue
        if field.has_default() and value == default_of(row, field):
            continue
        said[field.name] = value.name if field.name in REFERRED else value
    if isinstance(row, Sealed) and (names := row.secret_names()):
        said[TO_GIVE] = names
    if isinstance(row, Rule):
        said["targets"] = [_link(link) for link in row.links.select_related("target").order_by("identifier")]
    return said


def _link(link: RuleTarget) -> dict[str, Any]:
    said: dict[str, Any] = {"name": link.target.name}
    if link.identifier != link.target.name:
        said["identifier"] = link.identifier
    if link.transform is not None:
        said["transform"] = link.transform
    return said | ({"told": link.told} if link.told else {})
