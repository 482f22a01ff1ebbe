"""Again: put one stored event on its bus again, for rules and targets that somebody chose.

It is a replay of one: a new event, caused by the first, with a ``replay-name``, seen by the chosen rules
alone and kept by no archive. It goes the way of any event, so what a rule matches and makes of it is today's.
"""

import secrets
import time
from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from eventhub.domain.identity import event_id
from eventhub.domain.redaction import is_redacted
from eventhub.flow.replayed import Link, replayed_by_hand
from eventhub.journal.port import UNKNOWN_BUS, Journal, NewEvent
from eventhub.models import RuleTarget, record_action

COMMIT_SECONDS = 30.0
MOST_LINKS = 500
_RANDOM_BITS = 74


class NotReplayableError(Exception):
    """The event cannot be put on its bus again; the sentence says why."""


def why_not_again(event: NewEvent) -> str:
    """Say why an event cannot be replayed; empty if it can."""
    if is_redacted(event.attributes):
        return "it was redacted, and what is left of it is no fact that a rule could mean"
    if event.bus_id == UNKNOWN_BUS:
        return f"there was no bus {event.bus} when it came, so it belongs to none"
    return ""


def put_again(journal: Journal, event: NewEvent, links: Collection[Link], *, who: str) -> UUID:
    """Put the event on its bus again for some links of rules of that bus; return the new event's id.

    Raises NotReplayableError, and JournalUnavailable with nothing put or recorded.
    """
    if why := why_not_again(event):
        raise NotReplayableError(why)
    if not 1 <= len(links) <= MOST_LINKS:
        raise NotReplayableError(f"wanted 1 to {MOST_LINKS} deliveries, found {len(links)}")
    found = RuleTarget.objects.select_related("rule", "target").filter(
        rule__bus_id=event.bus_id, rule_id__in={rule_id for rule_id, _target_id in links}
    )
    known = {(one.rule_id, one.target_id): f"{one.rule.name} → {one.target.name}" for one in found}
    if gone := [link for link in links if link not in known]:
        raise NotReplayableError(
            f"{len(gone)} of the chosen deliveries are of rules or targets that are gone"
        )
    now = time.time_ns() // 1000
    new_id = event_id(now // 1000, secrets.randbits(_RANDOM_BITS))
    made = replayed_by_hand(event, links, by=who, new_id=new_id, accepted_at=now)
    said = {"event": str(event.id), "deliveries": [known[link] for link in sorted(links)]}
    # Two databases: the trail's transaction is open before the journal's begins, and commits just after it.
    with transaction.atomic():
        record_action(
            "event", new_id, f"{event.bus}/{event.detail_type}", "replayed", bus_id=event.bus_id, after=said
        )
        journal.append([made]).result(timeout=COMMIT_SECONDS)
    return new_id
