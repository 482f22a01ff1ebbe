"""Rows that a caller may see or change, out of all: the one filter that doors put on what lies on buses."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.models import Bus, Target

M = TypeVar("M", bound=Model)


def on_buses(
    rows: QuerySet[Any], caller: Caller, scope: Scope | None = None, column: str = "bus_id"
) -> QuerySet[Any]:
    """Return the rows on buses where the caller may do this, or anything; ``column`` leads to the bus."""
    bus_ids = caller.buses(scope)
    return rows if bus_ids is None else rows.filter(**{f"{column}__in": bus_ids})


def buses(caller: Caller, scope: Scope | None = None) -> QuerySet[Bus]:
    """Return the buses where the caller may do this, or anything."""
    return on_buses(Bus.objects.all(), caller, scope, "pk")


def targets(caller: Caller) -> QuerySet[Target]:
    """Return the targets that a caller may see: all, or those of rules on buses that they may see."""
    found = on_buses(Target.objects.all(), caller, column="rules__bus_id")
    return found if caller.bus_ids is None else found.distinct()


def of_no_bus(rows: "QuerySet[M]", caller: Caller) -> "QuerySet[M]":
    """Return rows that belong to no bus: all, or none to a caller of some buses."""
    return rows if caller.bus_ids is None else rows.none()
