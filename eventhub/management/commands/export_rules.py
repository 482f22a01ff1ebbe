"""``manage.py export_rules``: buses, rules and what they deliver to, as text that can live in git."""

import json
from typing import Any

from django.core.management.base import BaseCommand
from django.db import models, transaction

from eventhub.models import ApiDestination, Bus, Connection, Rule, Target
from eventhub.models.sealed import Sealed

# Of the row's life here, not of what was configured; secrets never leave the installation.
_LEFT_OUT = {"id", "created_at", "updated_at", "sealed", "authorized", "reason", "disabled_reason"}
_BY_NAME = {"bus", "connection", "api_destination"}


class Command(BaseCommand):
    """Write the configuration to standard output."""

    help = "Write buses, rules, targets, connections and API destinations as JSON (which YAML readers read)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        with transaction.atomic():
            said = {
                "buses": [_told(row) for row in Bus.objects.order_by("name")],
                "connections": [_told(row) for row in Connection.objects.order_by("name")],
                "api_destinations": [_told(row) for row in ApiDestination.objects.order_by("name")],
                "targets": [_told(row) for row in Target.objects.order_by("name")],
                "rules": [_rule(row) for row in Rule.objects.order_by("bus__name", "name")],
            }
        self.stdout.write(json.dumps(said, indent=2, ensure_ascii=False))


def _told(row: models.Model) -> dict[str, Any]:
    """Return what differs from the defaults, the name first; of secrets only which are to be given."""
    said: dict[str, Any] = {"name": getattr(row, "name")}  # noqa: B009  # every one of these models has it
    for field in row._meta.concrete_fields:
        value = getattr(row, field.name)
        if field.name in _LEFT_OUT or (field.has_default() and value == field.get_default()):
            continue
        if value in (None, ""):
            continue
        said[field.name] = value.name if field.name in _BY_NAME else value
    if isinstance(row, Sealed) and (names := row.secret_names()):
        said["secrets_to_give"] = names
    return said


def _rule(rule: Rule) -> dict[str, Any]:
    said = _told(rule)  # its pattern as text: what was written, to the digit
    links = rule.links.select_related("target").order_by("target__name")
    said["targets"] = [
        {"name": link.target.name} | ({"transform": link.transform} if link.transform is not None else {})
        for link in links
    ]
    return said
