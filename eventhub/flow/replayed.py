"""Replayed events: what tells them from others, in the event itself."""

from dataclasses import replace
from uuid import UUID

from eventhub.domain import jsontext
from eventhub.journal.port import NewEvent, Replay

# No name of a CloudEvents attribute has a hyphen, so producers cannot say it.
RULES = "replay-rules"
_WHO = "replay:"


def replay_of(event: NewEvent) -> str:
    """Return the name of the replay that put the event on its bus again; empty if none did."""
    return event.who[len(_WHO) :] if event.who.startswith(_WHO) else ""


def rules_of(event: NewEvent) -> frozenset[int] | None:
    """Return the ids of the rules that alone see a replayed event; None if all of its bus do."""
    if not event.who.startswith(_WHO):
        return None
    found = jsontext.decode(event.attributes).get(RULES)
    return None if found is None else frozenset(found)


def replayed(event: NewEvent, replay: Replay, *, new_id: UUID, accepted_at: int) -> NewEvent:
    """Return the event that a replay puts for an archived one: the same fact, caused by the first event."""
    attributes = event.attributes
    if replay.order.rule_ids:
        attributes = jsontext.encode(jsontext.decode(attributes) | {RULES: list(replay.order.rule_ids)})
    return replace(
        event,
        id=new_id,
        accepted_at=accepted_at,
        attributes=attributes,
        key=None,
        who=_WHO + replay.order.name,
        cause_id=event.id,
    )
