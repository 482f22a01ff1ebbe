"""Names: what a request calls a bus or a rule, by name or ARN, and the ARNs that answers give."""

from typing import TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError, denied
from eventhub.domain import arn
from eventhub.models import DEFAULT_BUS, Bus, Rule

M = TypeVar("M", bound=Model)


def bus_arn(bus: str) -> str:
    """Return a bus's ARN."""
    return arn.bus_arn(bus, region=settings.REGION, account=settings.ACCOUNT_ID)


def rule_arn(bus: str, rule: str) -> str:
    """Return a rule's ARN."""
    return arn.rule_arn(bus, rule, region=settings.REGION, account=settings.ACCOUNT_ID)


def bus_of(name_or_arn: str) -> str:
    """Return the bus's name; an ARN of another account or region stays as it is, and names no bus of ours."""
    ours = f":events:{settings.REGION}:{settings.ACCOUNT_ID}:event-bus/"
    partition, found, name = name_or_arn.partition(ours)
    return name if found and partition.startswith("arn:aws") else name_or_arn


def find_bus(
    name_or_arn: str | None, caller: Caller, scope: Scope, action: str, *, changes: bool = False
) -> Bus:
    """Return the bus that a request means, the default one if it says none.

    With ``changes``, within a transaction, other processes that change it wait for the transaction's end.
    Raises AwsError if there is none or the caller may not do this (``action``, such as ``PutRule``) there.
    """
    name = bus_of(name_or_arn or DEFAULT_BUS)
    # Without its key: a row that refers to it may be made meanwhile, by who has no lock to wait for.
    rows = Bus.objects.select_for_update(no_key=True) if changes else Bus.objects
    bus: Bus | None = one_or_none(rows.filter(name=name))
    if not caller.may(scope, bus.pk if bus else None):
        raise denied(caller, action, bus_arn(name))
    if bus is None:
        raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
    return bus


def find_rule(bus: Bus, name: str, *, changes: bool = False) -> Rule:
    """Return a rule of a bus, locked as ``find_bus`` does; raises AwsError if there is none."""
    rows = Rule.objects.select_for_update(no_key=True) if changes else Rule.objects
    rule: Rule | None = one_or_none(rows.filter(bus=bus, name=name))
    if rule is None:
        raise AwsError("ResourceNotFoundException", f"Rule {name} does not exist on EventBus {bus.name}.")
    return rule


def one_or_none(rows: "QuerySet[M]") -> M | None:
    """Return the row of a unique name, in no order: composing one takes longer than the look-up."""
    return next(iter(rows.order_by()), None)


def prefixed(rows: "QuerySet[M]", prefix: str | None) -> "QuerySet[M]":
    """Return the rows whose names begin so; SQLite's own comparison would pass over capitals."""
    if not prefix:
        return rows
    rows = rows.filter(name__startswith=prefix)
    return rows.filter(name__gte=prefix, name__lt=f"{prefix}\U0010ffff") if settings.EMBEDDED else rows


def visible_buses(caller: Caller) -> "QuerySet[Bus]":
    """Return the buses that the caller may see."""
    if caller.bus_ids is None:
        return Bus.objects.all()
    return Bus.objects.filter(pk__in=caller.bus_ids)
