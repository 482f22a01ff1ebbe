"""Targets of rules: put, remove, list, and the rules that have a target."""

from hashlib import sha256
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as ModelError
from django.db import transaction
from django.db.models import Q

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError, model_refused, over_quota
from eventhub.api.eventbridge.names import bus_of, find_bus, find_rule
from eventhub.api.eventbridge.paging import page
from eventhub.domain.retry import DEFAULT_AGE_SECONDS, DEFAULT_ATTEMPTS
from eventhub.domain.transform import TransformError, parse_transform
from eventhub.flow.arns import FIFO, ArnError, Named, arn_of, is_arn, named_by
from eventhub.flow.configure import take_effect
from eventhub.models import Rule, RuleTarget, Target

TRANSFORMS = ("Input", "InputPath", "InputTransformer")
# What becomes a setting of the target; the rest is told again as it was told, and changes nothing.
_POLICIES = ("RetryPolicy", "DeadLetterConfig")
_PARAMETERS = ("SqsParameters", "KinesisParameters", "HttpParameters")
_LINKED = ("target__bus", "target__api_destination", "target__dead_letter_target__bus")


def put(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer PutTargets: adds targets to a rule, or replaces those of the same Id.

    What no rule could have (an ARN that is none, two kinds of input) refuses the whole request; a target that
    does not exist, or of a kind that nothing here delivers to, fails alone. Raises AwsError.
    """
    wanted = request["Targets"]
    _check(wanted)
    failed = []
    with transaction.atomic():
        rule = _rule(request, caller, Scope.RULES_WRITE, "PutTargets")
        links = {link.identifier: link for link in rule.links.select_related("target")}
        if len(links.keys() | {one["Id"] for one in wanted}) > settings.MAX_TARGETS_PER_RULE:
            raise over_quota()
        for told in wanted:
            try:
                with transaction.atomic():
                    _put(rule, links.get(told["Id"]), told, caller)
            except ArnError as error:
                failed.append(_failed(told["Id"], error.code, str(error)))
            except ModelError as error:
                failed.append(_failed(told["Id"], "ValidationException", model_refused(error).message))
        rule.record_version(by=caller.who)
        take_effect()
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


def remove(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer RemoveTargets; an Id that the rule does not have is removed already."""
    with transaction.atomic():
        rule = _rule(request, caller, Scope.RULES_WRITE, "RemoveTargets")
        rule.links.filter(identifier__in=request["Ids"]).delete()
        rule.record_version(by=caller.who)
        take_effect()
    return {"FailedEntryCount": 0, "FailedEntries": []}


def list_by_rule(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListTargetsByRule."""
    bus = find_bus(request.get("EventBusName"), caller, Scope.RULES_READ, "ListTargetsByRule")
    rule = find_rule(bus, request["Rule"])
    rows = rule.links.select_related(*_LINKED)
    return page(request, rows, of=f"targets of {rule.pk}", by="identifier", shown=_shown, member="Targets")


def list_rules(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListRuleNamesByTarget: the rules of a bus that deliver to an ARN."""
    bus = find_bus(request.get("EventBusName"), caller, Scope.RULES_READ, "ListRuleNamesByTarget")
    wanted = request["TargetArn"]
    is_wanted = Q(links__told__Arn=wanted) | Q(links__target__config__arn=wanted)
    if (name := bus_of(wanted)) != wanted:
        is_wanted |= Q(links__target__bus__name=name)
    _, own, name = wanted.partition(f":events:{settings.REGION}:{settings.ACCOUNT_ID}:target/")
    if own:
        is_wanted |= Q(links__target__name=name)
    rows = Rule.objects.filter(is_wanted, bus=bus).distinct()
    of = f"rules of {bus.pk} for {wanted}"
    return page(request, rows, of=of, shown=attrgetter("name"), member="RuleNames")


def _rule(request: dict[str, Any], caller: Caller, scope: Scope, action: str) -> Rule:
    # Who deletes the rule waits, or goes first.
    bus = find_bus(request.get("EventBusName"), caller, scope, action, changes=True)
    rule = find_rule(bus, request["Rule"])
    return Rule.objects.select_for_update().get(pk=rule.pk)  # who else changes its targets waits


def _check(wanted: list[dict[str, Any]]) -> None:
    """Refuse what AWS refuses before it looks at any target."""
    seen = set()
    for told in wanted:
        identifier, arn = told["Id"], told["Arn"]
        if identifier in seen:
            raise AwsError("ValidationException", f"Target {identifier} is there twice in the request.")
        seen.add(identifier)
        if not is_arn(arn):
            raise AwsError(
                "ValidationException",
                f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format.",
            )
        if arn.endswith(FIFO) and ":sqs:" in arn and "MessageGroupId" not in told.get("SqsParameters", {}):
            raise AwsError(
                "ValidationException",
                f"Parameter(s) SqsParameters must be specified for target: {identifier}.",
            )
        try:
            parse_transform(_transform(told))
        except TransformError as error:
            raise AwsError("ValidationException", error.reference(identifier)) from error


def _put(rule: Rule, link: RuleTarget | None, told: dict[str, Any], caller: Caller) -> None:
    named = named_by(told["Arn"])
    if caller.bus_ids is not None and (named.target is None or not named.target.serves(caller.bus_ids)):
        reason = (
            "A key that is limited to buses names targets of their rules, by arn:aws:events:…:target/<name>"
        )
        raise ArnError("AccessDeniedException", reason)
    before = link.target if link else None
    if named.target is not None:
        target = named.target
        if given := [name for name in (*_POLICIES, *_PARAMETERS) if name in told]:
            raise ArnError(
                "ValidationException", f"{', '.join(given)}: wanted among the settings of {target} itself."
            )
    else:
        target = before if before and before.owned else Target(name=_free_name(rule, told["Id"]), owned=True)
        _configure(target, named, told)
    link = link or RuleTarget(rule=rule, identifier=told["Id"])
    link.target = target
    link.transform = _transform(told)
    link.told = {name: told[name] for name in told if name not in {"Id", *TRANSFORMS, "DeadLetterConfig"}}
    link.full_clean()
    link.save()
    if before and before.pk != target.pk:
        before.drop_if_owned()


def _configure(target: Target, named: Named, told: dict[str, Any]) -> None:
    """Make a target what is told of it, its dead-letter target included, and save both."""
    target.kind, target.bus, target.api_destination = named.kind, named.bus, named.api_destination
    target.config = named.config | _parameters(named.kind, told)
    policy = told.get("RetryPolicy", {})
    # The first attempt is no retry.
    target.max_attempts = policy.get("MaximumRetryAttempts", DEFAULT_ATTEMPTS - 1) + 1
    target.max_age_seconds = policy.get("MaximumEventAgeInSeconds", DEFAULT_AGE_SECONDS)
    before, arn = target.dead_letter_target, told.get("DeadLetterConfig", {}).get("Arn")
    target.dead_letter_target = _dead_letters(target, before, arn) if arn else None
    target.full_clean()
    target.save()
    if before and before != target.dead_letter_target:
        before.drop_if_owned()


def _dead_letters(target: Target, before: Target | None, arn: str) -> Target:
    named = named_by(arn)
    if named.target is not None:
        return named.target
    if named.kind != "sqs" or arn.endswith(FIFO):
        raise ArnError("ValidationException", f"DeadLetterConfig: wanted a standard SQS queue, found {arn}.")
    beyond = (
        before if before and before.owned else Target(name=_free(f"{target.name}.dead-letters"), owned=True)
    )
    beyond.kind, beyond.config = named.kind, named.config
    beyond.full_clean()
    beyond.save()
    return beyond


def _parameters(kind: str, told: dict[str, Any]) -> dict[str, Any]:
    if kind == "sqs" and (group := told.get("SqsParameters", {}).get("MessageGroupId")):
        return {"message_group_id": group}
    if kind == "kinesis" and (path := told.get("KinesisParameters", {}).get("PartitionKeyPath")):
        return {"partition_key": path}
    if kind == Target.Kind.API_DESTINATION:
        given = told.get("HttpParameters", {})
        found = {
            "path_parameters": given.get("PathParameterValues"),
            "headers": given.get("HeaderParameters"),
            "query": given.get("QueryStringParameters"),
        }
        return {name: value for name, value in found.items() if value}
    return {}


def _transform(told: dict[str, Any]) -> dict[str, Any] | None:
    return {name: told[name] for name in TRANSFORMS if name in told} or None


def _free_name(rule: Rule, identifier: str) -> str:
    return _free(f"{rule.name}.{identifier}", of=f"{rule.pk}")


def _free(name: str, of: str = "") -> str:
    """Return a name for a target: this one, or its beginning and a digest if it is too long or taken."""
    if len(name) > 64 or Target.objects.filter(name=name).exists():
        name = f"{name[:53]}.{sha256(f'{of} {name}'.encode()).hexdigest()[:10]}"
    return name


def _shown(link: RuleTarget) -> dict[str, Any]:
    target: Target = link.target
    shown: dict[str, Any] = {"Id": link.identifier, "Arn": arn_of(target), **link.told}
    shown |= link.transform or {}
    if target.owned and "RetryPolicy" in shown:
        shown["RetryPolicy"] = {
            "MaximumRetryAttempts": target.max_attempts - 1,
            "MaximumEventAgeInSeconds": target.max_age_seconds,
        }
    if target.owned and target.dead_letter_target is not None:
        shown["DeadLetterConfig"] = {"Arn": arn_of(target.dead_letter_target)}
    return shown


def _failed(identifier: str, code: str, message: str) -> dict[str, str]:
    return {"TargetId": identifier, "ErrorCode": code, "ErrorMessage": message}
