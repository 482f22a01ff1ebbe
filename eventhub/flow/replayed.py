"""Replayed events: what tells them from others, in the event itself."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from eventhub.domain import jsontext
from eventhub.journal.port import NewEvent, Replay

# No name of a CloudEvents attribute has a hyphen, so producers cannot say it.
RULES = "replay-rules"
TARGETS = "replay-targets"  # pairs of a rule's id and a target's
BY = "replay-by"  # who replayed this one event; a replay of an archive knows it itself
OF_REPLAYS = (RULES, TARGETS, BY)
BY_HAND = "by-hand"  # the name of the replay of one event
_WHO = "replay:"

# A rule and one of its targets, by their ids.
Link = tuple[int, int]


def replay_of(event: NewEvent) -> str:
    """Return the name of the replay that put the event on its bus again; empty if none did."""
    return event.who[len(_WHO) :] if event.who.startswith(_WHO) else ""


def rules_of(event: NewEvent) -> frozenset[int] | None:
    """Return the ids of the rules that alone see a replayed event; None if all of its bus do."""
    if not event.who.startswith(_WHO):
        return None
    found = jsontext.decode(event.attributes).get(RULES)
    return None if found is None else frozenset(found)


def links_of(event: NewEvent) -> frozenset[Link] | None:
    """Return the links of rules to targets that alone are followed for a replayed event; None if all are."""
    if not event.who.startswith(_WHO):
        return None
    found = jsontext.decode(event.attributes).get(TARGETS)
    return None if found is None else frozenset((rule_id, target_id) for rule_id, target_id in found)


def replayed(event: NewEvent, replay: Replay, *, new_id: UUID, accepted_at: int) -> NewEvent:
    """Return the event that a replay puts for an archived one: the same fact, caused by the first event."""
    said: dict[str, object] = {RULES: list(replay.order.rule_ids)} if replay.order.rule_ids else {}
    return _again(event, replay.order.name, said, new_id=new_id, accepted_at=accepted_at)


def replayed_by_hand(
    event: NewEvent, links: Collection[Link], *, by: str, new_id: UUID, accepted_at: int
) -> NewEvent:
    """Return the event that is put for one that somebody replays, for these rules and targets of theirs."""
    ordered = sorted(links)
    said = {
        RULES: sorted({rule_id for rule_id, _target_id in ordered}),
        TARGETS: [list(link) for link in ordered],
        BY: by,
    }
    return _again(event, BY_HAND, said, new_id=new_id, accepted_at=accepted_at)


def _again(
    event: NewEvent, name: str, said: dict[str, object], *, new_id: UUID, accepted_at: int
) -> NewEvent:
    attributes = event.attributes
    if said or event.who.startswith(_WHO):
        own = {key: value for key, value in jsontext.decode(attributes).items() if key not in OF_REPLAYS}
        attributes = jsontext.encode(own | said)
    return replace(
        event,
        id=new_id,
        accepted_at=accepted_at,
        attributes=attributes,
        key=None,
        who=_WHO + name,
        cause_id=event.id,
    )
