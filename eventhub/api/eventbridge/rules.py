"""Rules: put, describe, enable, disable, delete, list."""

from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge import tags
from eventhub.api.eventbridge.errors import AwsError, over_quota
from eventhub.api.eventbridge.names import bus_of, find_bus, find_rule, one_or_none, prefixed, rule_arn
from eventhub.api.eventbridge.paging import page
from eventhub.api.eventbridge.try_pattern import parsed
from eventhub.domain.schedule import ScheduleError, parse_schedule
from eventhub.flow.configure import take_effect
from eventhub.models import DEFAULT_BUS, Bus, Rule

ENABLED, DISABLED = "ENABLED", "DISABLED"
SHOWN = ("name", "pattern", "schedule_expression", "description", "enabled", "told")


def put(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer PutRule: makes the rule or replaces all of it but its targets and tags.

    Raises AwsError; ``InvalidEventPatternException`` in the reference's words.
    """
    pattern, schedule = request.get("EventPattern", ""), request.get("ScheduleExpression", "")
    if not pattern and not schedule:
        raise AwsError(
            "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."
        )
    if pattern:
        parsed(pattern)
    if schedule:
        _check_schedule(schedule, bus_of(request.get("EventBusName") or DEFAULT_BUS))
    state = request.get("State", ENABLED)
    with transaction.atomic():
        bus = find_bus(request.get("EventBusName"), caller, Scope.RULES_WRITE, "PutRule", changes=True)
        rule = one_or_none(Rule.objects.select_for_update().filter(bus=bus, name=request["Name"]))
        if is_new := rule is None:
            if bus.rules.count() >= settings.MAX_RULES_PER_BUS:
                raise over_quota()
            rule = Rule(bus=bus, name=request["Name"], tags=tags.read(request.get("Tags", [])))
        rule.pattern, rule.schedule_expression = pattern, schedule
        rule.description = request.get("Description", "")
        rule.enabled = state != DISABLED
        rule.told = {name: request[name] for name in ("RoleArn",) if name in request}
        if state not in {ENABLED, DISABLED}:
            rule.told["State"] = state
        # The bus was found and the name looked for in this transaction: asking again costs a tenth of it all.
        rule.full_clean(exclude=["bus"], validate_unique=False, validate_constraints=False)
        rule.save()
        rule.record_version(by=caller.who, is_first=is_new)
        take_effect()
    return {"RuleArn": rule_arn(bus.name, rule.name)}


def _check_schedule(text: str, bus: str) -> None:
    if bus != DEFAULT_BUS:
        raise AwsError(
            "ValidationException", "ScheduleExpression is supported only on the default event bus."
        )
    try:
        parse_schedule(text)
    except ScheduleError as error:
        raise AwsError(
            "ValidationException", f"Parameter ScheduleExpression is not valid. Reason: {error}."
        ) from error


def describe(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribeRule."""
    bus = find_bus(request.get("EventBusName"), caller, Scope.RULES_READ, "DescribeRule")
    return _shown(find_rule(bus, request["Name"]), bus=bus) | {"CreatedBy": settings.ACCOUNT_ID}


def switch(request: dict[str, Any], caller: Caller, *, enabled: bool) -> dict[str, Any]:
    """Answer EnableRule and DisableRule."""
    action = "EnableRule" if enabled else "DisableRule"
    with transaction.atomic():
        bus = find_bus(request.get("EventBusName"), caller, Scope.RULES_WRITE, action, changes=True)
        rule = find_rule(bus, request["Name"])
        rule.enabled = enabled
        rule.save(update_fields=["enabled", "updated_at"])
        rule.record_version(by=caller.who)
        take_effect()
    return {}


def delete(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeleteRule; one that is not there is deleted already, and one with targets stays."""
    with transaction.atomic():
        bus = find_bus(request.get("EventBusName"), caller, Scope.RULES_WRITE, "DeleteRule", changes=True)
        rule = Rule.objects.filter(bus=bus, name=request["Name"]).first()
        if rule is None:
            return {}
        if rule.links.exists():  # Terraform waits for this very sentence
            raise AwsError("ValidationException", "Rule can't be deleted since it has targets.")
        rule.delete()
        take_effect()
    return {}


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListRules of one bus."""
    bus = find_bus(request.get("EventBusName"), caller, Scope.RULES_READ, "ListRules")
    rows = prefixed(Rule.objects.filter(bus=bus), request.get("NamePrefix")).only(*SHOWN)
    return page(request, rows, of=f"rules of {bus.pk}", shown=partial(_shown, bus=bus), member="Rules")


def state_of(rule: Rule) -> str:
    """Return a rule's state in AWS's words."""
    return str(rule.told.get("State", ENABLED)) if rule.enabled else DISABLED


def _shown(rule: Rule, *, bus: Bus) -> dict[str, Any]:
    shown = {
        "Name": rule.name,
        "Arn": rule_arn(bus.name, rule.name),
        "State": state_of(rule),
        "EventBusName": bus.name,
    }
    if rule.pattern:
        shown["EventPattern"] = rule.pattern
    if rule.schedule_expression:
        shown["ScheduleExpression"] = rule.schedule_expression
    if rule.description:
        shown["Description"] = rule.description
    if "RoleArn" in rule.told:
        shown["RoleArn"] = rule.told["RoleArn"]
    return shown
