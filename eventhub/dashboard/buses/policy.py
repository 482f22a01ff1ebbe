"""Who else may put events on a bus: its policy in short, and the targets and endpoints that lead to it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.models import Bus, Target


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy: its name, whether it allows, for whom, and under what conditions."""

    name: str
    allows: bool
    who: str
    conditions: str


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways onto a bus beside keys and people with a role on it."""

    statements: Sequence[Statement]
    fed_by: Sequence[Target]  # those that the reader sees
    endpoints: Sequence[str]
    is_partners: bool


def ways_of(bus: Bus, caller: Caller) -> Ways:
    """Return the ways onto a bus that a reader may know of."""
    everywhere = caller.bus_ids is None
    return Ways(
        statements=list(_statements(bus.policy)),
        fed_by=list(seen.targets(caller).filter(bus=bus).order_by("name")),
        endpoints=sorted(bus.endpoints.values_list("name", flat=True)) if everywhere else [],
        is_partners="/" in bus.name,
    )


def _statements(policy: Sequence[Mapping[str, Any]]) -> Iterator[Statement]:
    for number, one in enumerate(policy, start=1):
        condition = one.get("Condition")
        yield Statement(
            name=str(one.get("Sid") or f"statement {number}"),
            allows=one.get("Effect") == "Allow",
            who=", ".join(_principals(one.get("Principal"))),
            conditions="" if not condition else json.dumps(condition, ensure_ascii=False),
        )


def _principals(principal: Any) -> Iterator[str]:
    """Give whom a statement is about: accounts, or everybody.

    >>> list(_principals({"AWS": ["arn:aws:iam::111122223333:root", "444455556666"]}))
    ['account 111122223333', 'account 444455556666']
    """
    if principal == "*":
        yield "every account"
        return
    for values in principal.values() if isinstance(principal, Mapping) else ():
        for value in [values] if isinstance(values, str) else values:
            account = value.split(":")[4] if value.startswith("arn:") and value.count(":") >= 5 else value
            yield "every account" if account == "*" else f"account {account}"
