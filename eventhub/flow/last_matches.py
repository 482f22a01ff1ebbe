"""When rules matched last: a seek in an index for each rule, whatever the journal holds."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from django.db import connections

from eventhub.domain.identity import accepted_ms
from eventhub.models import RuleVersion

_AT_ONCE = 200  # parts of one statement: SQLite takes at most 500


class LastMatch(NamedTuple):
    """The newest event that a rule matched, and when it was accepted."""

    event_id: UUID
    accepted_at: datetime


def last_matches(rule_ids: Collection[int]) -> dict[int, LastMatch]:
    """Return the last match of those rules that have one among the events that are kept."""
    # Outcomes are indexed by the rule's name, and keep the one that it had then.
    names = RuleVersion.objects.filter(rule_id__in=rule_ids).order_by().values_list("rule_id", "name")
    found: dict[int, UUID] = {}
    left = iter(names.distinct())
    while pairs := list(islice(left, _AT_ONCE)):
        for rule_id, event_id in _newest(pairs):
            found[rule_id] = max(event_id, found.get(rule_id, event_id))
    return {rule_id: LastMatch(event_id, _moment(event_id)) for rule_id, event_id in found.items()}


def recent_matches(rule_id: int, name: str, most: int) -> list[UUID]:
    """Return the ids of the newest events that a rule matched under this name, the newest first."""
    seek = _SEEK.format(place=_place(), most=most)
    with connections["journal"].cursor() as cursor:
        cursor.execute(seek, [name, rule_id])
        return list(dict.fromkeys(_uuid(row) for _rule_id, row in cursor.fetchall()))


_SEEK = (
    "SELECT rule_id, event_id FROM outcome WHERE {place} = %s AND rule_id = %s"
    " ORDER BY event_id DESC LIMIT {most}"
)


def _place() -> str:
    return "rule" if connections["journal"].vendor == "sqlite" else 'rule COLLATE "C"'


def _newest(pairs: Collection[tuple[int, str]]) -> Iterator[tuple[int, UUID]]:
    seek = _SEEK.format(place=_place(), most=1)
    several = [f"SELECT * FROM ({seek}) AS m{number}" for number in range(len(pairs))]  # noqa: S608 - our own
    with connections["journal"].cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(several), [value for rule_id, name in pairs for value in (name, rule_id)]
        )
        for rule_id, event_id in cursor.fetchall():
            yield rule_id, _uuid(event_id)


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _moment(event_id: UUID) -> datetime:
    return datetime.fromtimestamp(accepted_ms(event_id) / 1000, UTC)
