"""Policies of buses: whether their statements let another account do something. Pure.

A statement counts if its principal, action and resource are met, and its conditions: those that compare
texts with what is known of an entry. What else is asked, such as the organisation of the caller, has no
answer here: a statement that asks it allows nothing, and denies all the same.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def allows(
    statements: Iterable[Mapping[str, Any]],
    *,
    account: str,
    action: str,
    resource: str,
    known: Mapping[str, str] | None = None,
) -> bool:
    """Tell whether any statement allows it and none denies it.

    ``known`` is what conditions may ask, by key in small letters: ``events:source`` … Without it the question
    is whether it could be allowed, whatever is put: conditions are passed over.

    >>> said = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    ...         "Action": "events:PutEvents", "Resource": "*"}
    >>> allows([said], account="111122223333", action="events:PutEvents", resource="arn:…")
    True
    """
    met = [
        one
        for one in statements
        if _is_of(one.get("Principal"), account)
        and _matches([text.lower() for text in _texts(one.get("Action"))], action.lower())
        and _matches(one.get("Resource"), resource)
    ]
    allowing = [one.get("Condition") for one in met if one.get("Effect") == "Allow"]
    denying = [one.get("Condition") for one in met if one.get("Effect") == "Deny"]
    if known is None:
        return bool(allowing) and all(denying)
    return any(_holds(one, known) for one in allowing) and all(_holds(one, known) is False for one in denying)


def refused_statement(statement: object) -> str:
    """Say where and why this is no statement of a policy; empty if it is one.

    Every door asks here, so that what one of them takes can go out and come in by another.

    >>> refused_statement({"Effect": "Maybe", "Principal": "*", "Action": "events:*", "Resource": "*"})
    "Effect: wanted Allow or Deny, found 'Maybe'"
    """
    if not isinstance(statement, Mapping):
        return f"wanted an object, found {statement!r:.80}"
    for member, (is_it, wanted) in _MEMBERS.items():
        if member not in statement:
            if member not in _OPTIONAL:
                return f"{member}: wanted {wanted}, found none"
        elif not is_it(statement[member]):
            return f"{member}: wanted {wanted}, found {statement[member]!r:.80}"
        elif unkept := _unkept(statement[member]):
            return f"{member}: wanted texts that can be kept, found {unkept!r:.80}"
    unknown = sorted(map(repr, statement.keys() - _MEMBERS.keys()))
    return f"wanted {', '.join(_MEMBERS)} alone, found also {', '.join(unknown)}"[:300] if unknown else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    return _is_text(value) or (isinstance(value, list) and bool(value) and all(map(_is_text, value)))


def _is_principal(value: object) -> bool:
    return value == "*" or (
        isinstance(value, Mapping) and bool(value) and all(map(_is_texts, value.values()))
    )


def _is_condition(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(keys, Mapping) and all(map(_is_compared, keys.values())) for keys in value.values()
    )


def _is_compared(value: object) -> bool:
    return all(isinstance(one, (str, int, float)) for one in (value if isinstance(value, list) else [value]))


def _unkept(value: object) -> str:
    """Return a text in it, or a name, that not every database keeps; empty if there is none."""
    if isinstance(value, Mapping):
        return next(filter(None, map(_unkept, [*value.keys(), *value.values()])), "")
    if isinstance(value, list):
        return next(filter(None, map(_unkept, value)), "")
    return value if isinstance(value, str) and _UNKEPT.search(value) else ""


# PostgreSQL has no null character, and half a pair is no character at all.
_UNKEPT = re.compile("[\0\ud800-\udfff]")
_OPTIONAL = {"Sid", "Condition"}
_MEMBERS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "Sid": (_is_text, "a text"),
    "Effect": (lambda value: value in ("Allow", "Deny"), "Allow or Deny"),
    "Principal": (_is_principal, '"*", or an object such as {"AWS": …}'),
    "Action": (_is_texts, "a text or a list of texts"),
    "Resource": (_is_texts, "a text or a list of texts"),
    "Condition": (_is_condition, "an object of operators, each with an object of keys"),
}


def _holds(condition: object, known: Mapping[str, str]) -> bool | None:
    """Tell whether all of a statement's conditions hold; None if one of them has no answer here."""
    if not condition:
        return True
    if not isinstance(condition, Mapping):
        return None
    verdicts = [
        _compared(str(operator), str(key), _texts(wanted), known)
        for operator, keys in condition.items()
        for key, wanted in (keys.items() if isinstance(keys, Mapping) else [("", None)])
    ]
    return False if False in verdicts else None if None in verdicts else True


def _compared(operator: str, key: str, wanted: list[str], known: Mapping[str, str]) -> bool | None:
    kind, is_not = _OPERATORS.get(operator.rpartition(":")[2].removesuffix("IfExists"), ("", False))
    found = known.get(key.lower())
    if not kind or found is None or not wanted:
        return None
    if kind == "like":
        any_equal = any(_is_like(one, found) for one in wanted)
    elif kind == "fold":
        any_equal = found.casefold() in {one.casefold() for one in wanted}
    else:
        any_equal = found in wanted
    return any_equal is not is_not


# IAM's operators on texts, and whether they turn the answer round. Each key has one value here, so that
# ForAllValues: and ForAnyValue: before them mean the same.
_OPERATORS: Mapping[str, tuple[str, bool]] = {
    "StringEquals": ("equal", False),
    "StringNotEquals": ("equal", True),
    "StringEqualsIgnoreCase": ("fold", False),
    "StringNotEqualsIgnoreCase": ("fold", True),
    "StringLike": ("like", False),
    "StringNotLike": ("like", True),
    "ArnEquals": ("like", False),
    "ArnLike": ("like", False),
}


def _is_of(principal: object, account: str) -> bool:
    if isinstance(principal, Mapping):
        principal = principal.get("AWS")
    return any(
        one in {"*", account} or re.fullmatch(rf"arn:aws[\w-]*:iam::{account}:root", one) is not None
        for one in _texts(principal)
    )


def _matches(patterns: object, text: str) -> bool:
    return any(_is_like(one, text) for one in _texts(patterns))


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _is_like(pattern: str, text: str) -> bool:
    """Tell whether a text is like a pattern of IAM: ``*`` for any characters, ``?`` for one.

    Not by regular expressions, which take time without end where there are many stars.

    >>> _is_like("arn:*:event-bus/?rders", "arn:aws:event-bus/orders"), _is_like("*a*a*a*b", "a" * 1000)
    (True, False)
    """
    at = begun = 0  # in the pattern; and in the text, where the last star has got to
    star = -1
    place = 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, begun = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            begun += 1
            at, place = star + 1, begun
        else:
            return False
    return all(sign == "*" for sign in pattern[at:])
