"""Targets by ARN: what a rule of EventBridge names as its target, as a target of ours.

==============================================  ===========================================================
ARN                                             target
==============================================  ===========================================================
arn:aws:events:…:target/<name>                  the target of this name, which rules may share
arn:aws:events:…:event-bus/<name>               a bus of this installation
arn:aws:events:…:api-destination/<name>[/<id>]  an API destination
of Lambda, SQS, SNS, Kinesis, Firehose, Step    of the kind that delivers there
Functions, CloudWatch Logs, or a bus elsewhere
==============================================  ===========================================================

All but the first are made for one rule alone: each rule says how often to try, and where dead letters go.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from eventhub.domain import arn
from eventhub.models import ApiDestination, Bus, Target
from eventhub.targets.aws.kind import AwsKind
from eventhub.targets.kinds import KINDS

_ARN = re.compile(r"arn:aws[\w-]*:(?P<service>[\w-]+):(?P<region>[\w-]*):(?P<account>\d{12})?:(?P<rest>.+)")
# By the service's name in an ARN.
AWS_KINDS: Mapping[str, AwsKind] = {
    kind.shape.service: kind for kind in KINDS.values() if isinstance(kind, AwsKind)
}
FIFO = ".fifo"


class ArnError(ValueError):
    """An ARN that nothing can be delivered to: EventBridge's code, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Named:
    """What an ARN names: a target that there is, or what one must be like."""

    target: Target | None = None
    kind: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    bus: Bus | None = None
    api_destination: ApiDestination | None = None


def is_arn(text: str) -> bool:
    """Tell whether a text has the form of an ARN."""
    return _ARN.fullmatch(text) is not None


def named_by(text: str) -> Named:
    """Return what an ARN names; raises ArnError if it is none, or names nothing that is delivered to."""
    parts = _ARN.fullmatch(text)
    if parts is None:
        raise ArnError("ValidationException", "Provided Arn is not in correct format.")
    service, rest = parts["service"], parts["rest"]
    if service == "events":
        if (parts["region"], parts["account"]) == (settings.REGION, settings.ACCOUNT_ID):
            return _ours(text, rest)
        if rest.startswith("api-destination/"):
            raise ArnError("ResourceNotFoundException", f"{text} is not of this account and region.")
    if service not in AWS_KINDS:
        wanted = ", ".join(sorted(AWS_KINDS))
        raise ArnError(
            "ValidationException", f"Nothing here delivers to {service}; wanted an ARN of {wanted}."
        )
    kind = AWS_KINDS[service]
    return Named(kind=kind.name, config={"arn": text})


def _ours(text: str, rest: str) -> Named:
    what, _, name = rest.partition("/")
    if what == "event-bus":
        bus = Bus.objects.filter(name=name).first()
        if bus is None:
            raise ArnError("ResourceNotFoundException", f"Event bus {name} does not exist.")
        return Named(kind=Target.Kind.BUS, bus=bus)
    name = name.partition("/")[0]
    if what == "api-destination":
        destination = ApiDestination.objects.filter(name=name).first()
        if destination is None:
            raise ArnError("ResourceNotFoundException", f"An api-destination '{name}' does not exist.")
        return Named(kind=Target.Kind.API_DESTINATION, api_destination=destination)
    if what == "target":
        target = Target.objects.filter(name=name).first()
        if target is None:
            raise ArnError("ResourceNotFoundException", f"Target {name} does not exist.")
        return Named(target=target)
    raise ArnError(
        "ValidationException", f"{text} names no target; wanted event-bus, api-destination or target."
    )


def arn_of(target: Target) -> str:
    """Return the ARN of a target: of what it delivers to if that has one, else its own."""
    where = {"region": settings.REGION, "account": settings.ACCOUNT_ID}
    if target.kind == Target.Kind.BUS and target.bus is not None:
        return arn.bus_arn(target.bus.name, **where)
    return str(target.config.get("arn") or arn.target_arn(target.name, **where))
