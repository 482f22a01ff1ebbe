"""An event's deliveries as its page shows them: where each stands, why it waits, and its history."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from django.conf import settings

from eventhub.access.caller import Caller
from eventhub.dashboard import words
from eventhub.dashboard.event.history import AttemptShown, Chunk, Step
from eventhub.dashboard.event.waiting import Wait, wait_of
from eventhub.dashboard.event.waterfall import Bar
from eventhub.dashboard.target_facts import TargetFacts, facts_by_id
from eventhub.domain.arn import target_arn
from eventhub.journal.port import OutcomeState
from eventhub.journal.queued import Queued
from eventhub.journal.rows import DeadLetterRow, OutcomeRow


@dataclass(frozen=True, slots=True)
class DeliveryShown:
    """One match for one target: where it stands, its history, and its lane of the waterfall."""

    row: OutcomeRow
    said: words.Said
    lane: list[Bar]
    place: Queued | None = None  # while it is pending
    attributes: Mapping[str, str] = field(default_factory=dict)  # why a dead-letter target gets it
    letters: Sequence[DeadLetterRow] = ()
    steps: list[Step] = field(default_factory=list)
    chunks: list[Chunk] = field(default_factory=list)  # of its steps
    is_open: bool = False
    is_whole: bool = True  # False: the page asks for what is in it when it is opened
    facts: TargetFacts | None = None
    wait: Wait | None = None
    successors: list[OutcomeRow] = field(default_factory=list)  # its deliveries to a dead-letter target

    @property
    def attempts(self) -> list[AttemptShown]:
        """Return the attempts of its history."""
        return [step.attempt for step in self.steps if step.attempt is not None]

    @property
    def is_pending(self) -> bool:
        """Tell whether it waits or is under way."""
        return self.row.state == OutcomeState.PENDING

    @property
    def is_made(self) -> bool:
        """Tell whether there is, or was, something to deliver."""
        return self.row.state in (OutcomeState.PENDING, OutcomeState.DELIVERED, OutcomeState.DEAD)

    @property
    def was_given_up(self) -> bool:
        """Tell whether it is, or was before a redrive, among the dead letters."""
        return bool(self.letters)

    @property
    def letter(self) -> DeadLetterRow | None:
        """Return the dead letter that it is now, if it is one."""
        last = self.letters[-1] if self.letters else None
        return last if last is not None and last.redriven_at is None else None


def with_standing(deliveries: Sequence[DeliveryShown], reader: Caller) -> list[DeliveryShown]:
    """Find out why pending deliveries wait, how their targets fare, and where dead letters went."""
    troubled = [one for one in deliveries if one.is_pending or one.was_given_up]
    facts = facts_by_id({one.row.target_id for one in troubled if one.row.target_id}, reader)
    now = datetime.now(UTC)
    beyond: dict[tuple[int, str], list[OutcomeRow]] = {}
    for one in deliveries:
        if one.attributes:
            key = one.row.rule_id, one.attributes.get("TARGET_ARN", "")
            beyond.setdefault(key, []).append(one.row)
    return [
        replace(
            one,
            facts=(its := facts.get(one.row.target_id or 0)),
            wait=wait_of(one.row, its, one.place, now) if one.is_pending else None,
            successors=[] if one.attributes else beyond.get((one.row.rule_id, _arn(one.row, its)), []),
        )
        for one in deliveries
    ]


def attributes_of(row: OutcomeRow) -> Mapping[str, str]:
    """Return what a dead-letter target is told of its letter; nothing for other deliveries."""
    found: Mapping[str, str] = json.loads(row.attributes or "{}")
    return found


def _arn(row: OutcomeRow, facts: TargetFacts | None) -> str:
    """Return a target's name as its dead letters' attributes have it."""
    given = facts.target.config.get("arn") if facts else None
    if isinstance(given, str) and given:
        return given
    return target_arn(row.target, region=settings.REGION, account=settings.ACCOUNT_ID)
