"""Archives and replays as doors ask for them: what is checked, made, counted and told."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from eventhub.domain.arn import rule_arn
from eventhub.journal.port import ArchiveSize, Journal, NewReplay, Replay, ReplayState
from eventhub.journal.rows import ReplayRow, microseconds
from eventhub.models import Archive, Rule, record_action

EMPTY = ArchiveSize(0, 0)
LEAST_PER_SECOND, MOST_PER_SECOND = 0.1, 10_000.0
PER_SECOND = 1000.0  # unless asked otherwise
NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
NAME_WANTED = "1 to 64 letters, digits, dots, hyphens or underscores"


class ReplayExistsError(Exception):
    """There is a replay of this name."""


def start_replay(
    journal: Journal,
    archive: Archive,
    *,
    name: str,
    since: int,
    until: int,
    who: str,
    rules: Sequence[Rule] = (),
    filter_arns: Sequence[str] = (),
    description: str = "",
    per_second: float = PER_SECOND,
) -> Replay:
    """Make a replay of what an archive's bus accepted in ``since <= … < until``; it begins at once.

    With ``rules``, of the archive's bus, these alone see the events. Raises ReplayExistsError.
    """
    order = NewReplay(
        name=name,
        archive_id=archive.pk,
        archive=archive.name,
        bus_id=archive.bus_id,
        bus=archive.bus.name,
        since=since,
        until=until,
        per_second=per_second,
        made_at=time.time_ns() // 1000,
        made_by=who,
        description=description,
        rule_ids=[rule.pk for rule in rules],
        filter_arns=filter_arns,
    )
    # Two databases: the trail's transaction is open before the journal's begins, and commits just after it.
    with transaction.atomic():
        made = journal.start_replay(order)
        if made is None:
            raise ReplayExistsError(name)
        _record(made, "started")
    return made


def cancel_replay(journal: Journal, replay: Replay) -> bool:
    """Ask a replay to end; False if it is in no state for that."""
    with transaction.atomic():
        if not journal.cancel_replay(replay.id):
            return False
        _record(replay, "cancelled")
    return True


def _record(replay: Replay, action: str) -> None:
    order = replay.order
    said = {
        "archive": order.archive,
        "bus": order.bus,
        "since": _said(order.since),
        "until": _said(order.until),
        "rules": [arn.rpartition("/")[2] for arn in order.filter_arns],
        "rate_per_second": order.per_second,
        "description": order.description,
        "events": replay.total,
    }
    record_action("replay", replay.id, order.name, action, bus_id=order.bus_id, after=said)


def _said(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).isoformat()


def arn_of(rule: Rule, bus: str) -> str:
    """Return the ARN of a rule on a bus."""
    return rule_arn(bus, rule.name, region=settings.REGION, account=settings.ACCOUNT_ID)


def size_of(journal: Journal, archive: Archive) -> ArchiveSize:
    """Return what an archive holds now."""
    return journal.archive_sizes().get(archive.pk, EMPTY)


def replays() -> QuerySet[ReplayRow]:
    """Return the replays, the newest first."""
    return ReplayRow.objects.order_by("-id")


def replay_of(row: ReplayRow) -> Replay:
    """Return a row's replay."""
    rules = msgspec.json.decode(row.rules)
    order = NewReplay(
        row.name,
        row.archive_id,
        row.archive,
        row.bus_id,
        row.bus,
        microseconds(row.since),
        microseconds(row.until),
        row.per_second,
        microseconds(row.made_at),
        row.made_by,
        row.description,
        rules["ids"],
        rules["arns"],
    )
    return Replay(
        row.id,
        order,
        ReplayState(row.state),
        row.reason,
        row.total,
        row.done,
        _moment(row.started_at),
        _moment(row.last_at),
        _moment(row.ended_at),
    )


def _moment(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)
