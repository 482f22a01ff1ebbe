"""Pages: opaque tokens that say where the next one begins, by the name of the last that was told."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from eventhub.api.eventbridge.errors import AwsError

M = TypeVar("M", bound=Model)

MOST = 100  # of a page, and how many it has where the request does not say


def page(
    request: Mapping[str, Any],
    rows: "QuerySet[M]",
    *,
    of: str,
    by: str = "name",
    shown: Callable[[M], object],
    member: str,
    limit: str = "Limit",
) -> dict[str, Any]:
    """Return one page: ``member`` with the rows as ``shown``, and ``NextToken`` if there are more.

    ``by`` is a unique column, in whose order the rows come; ``of`` says what is listed, so that a token of
    another list is refused. Rows that are made or deleted meanwhile make no other row appear twice or never.
    """
    most = request.get(limit, MOST)
    after = _read(request.get("NextToken"), of)
    if after is not None:
        rows = rows.filter(**{f"{by}__gt": after})
    found: Sequence[M] = list(rows.order_by(by)[: most + 1])
    answer: dict[str, Any] = {member: [shown(row) for row in found[:most]]}
    if len(found) > most:
        answer["NextToken"] = _token(of, getattr(found[most - 1], by))
    return answer


def _token(of: str, last: object) -> str:
    return base64.urlsafe_b64encode(json.dumps([of, last]).encode()).decode().rstrip("=")


def _read(token: str | None, of: str) -> object:
    if token is None:
        return None
    try:
        said = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        said = None
    if isinstance(said, list) and len(said) == 2 and said[0] == of and _may_be_last(said[1]):
        return said[1]
    raise AwsError("ValidationException", "The NextToken is not valid.")


def _may_be_last(said: object) -> bool:
    """Tell whether a database can compare this: no text with half a character, or one with code 0."""
    if isinstance(said, str):
        return "\0" not in said and said.isascii()  # as names are
    return isinstance(said, int) and abs(said) < 2**63
