"""Policies of buses: whether their statements let another account do something. Pure.

A statement counts if its principal, action and resource are met. A condition, such as the organisation of the
caller, cannot be asked here: a statement with one allows nothing, and denies all the same.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any


def allows(statements: Iterable[Mapping[str, Any]], *, account: str, action: str, resource: str) -> bool:
    """Tell whether any statement allows it and none denies it.

    >>> said = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    ...         "Action": "events:PutEvents", "Resource": "*"}
    >>> allows([said], account="111122223333", action="events:PutEvents", resource="arn:…")
    True
    """
    met = [
        one
        for one in statements
        if _is_principal(one.get("Principal"), account)
        and _matches(one.get("Action"), action)
        and _matches(one.get("Resource"), resource)
    ]
    return any(one.get("Effect") == "Allow" and not one.get("Condition") for one in met) and not any(
        one.get("Effect") == "Deny" for one in met
    )


def _is_principal(principal: object, account: str) -> bool:
    if isinstance(principal, Mapping):
        principal = principal.get("AWS")
    return any(
        one in {"*", account} or re.fullmatch(rf"arn:aws[\w-]*:iam::{account}:root", one) is not None
        for one in _texts(principal)
    )


def _matches(patterns: object, text: str) -> bool:
    return any(_compiled(one).fullmatch(text) is not None for one in _texts(patterns))


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of IAM: ``*`` for any characters, ``?`` for one."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(one) or re.escape(one) for one in pattern), re.DOTALL)
