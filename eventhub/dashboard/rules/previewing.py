"""What a target of the form would get of an event: its transform tried, by the code that delivers."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.dashboard.rules.form import MOST_CHARACTERS
from eventhub.domain.payload import Payload, PayloadFormat
from eventhub.domain.transform import TransformError
from eventhub.flow.last_matches import recent_matches
from eventhub.flow.preview import SAMPLE_RULE, preview
from eventhub.flow.stored import event_of
from eventhub.journal.rows import EventRow
from eventhub.models import Bus, Rule

_DO = "preview-"


@dataclass(frozen=True, slots=True)
class Previewed:
    """What came out for the link with this number; without ``after`` the ``fault`` says why."""

    number: int
    target: str = ""
    event: EventRow | None = None
    before: str = ""
    after: Payload | None = None
    fault: str = ""

    @property
    def body(self) -> str:
        """Return what would be sent, as text."""
        return "" if self.after is None else self.after.body.decode(errors="replace")


def asked_link(do: str) -> int | None:
    """Return the number of the link whose preview a button asks for, or None.

    >>> asked_link("preview-2"), asked_link("check")
    (2, None)
    """
    number = do.removeprefix(_DO)
    is_one = do.startswith(_DO) and number.isascii() and number.isdigit() and len(number) < 4
    return int(number) if is_one else None


def preview_link(given: QueryDict, number: int, bus: Bus, caller: Caller, *, rule: Rule | None) -> Previewed:
    """Try a link's transform on the event that the form names, or on the newest that the rule matched."""
    name = given.get(f"target-{number}", "")
    target = seen.targets(caller).filter(name=name).first()
    if target is None:
        return Previewed(number, fault="choose the target first")
    text = given.get(f"transform-{number}", "").strip()[:MOST_CHARACTERS]
    try:
        transform = json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        return Previewed(number, name, fault=f"the transform is not JSON: {error}")
    events = seen.on_buses(EventRow.objects.filter(bus_id=bus.pk), caller, Scope.EVENTS_READ)
    event, fault = _event(given.get("preview_event", "").strip(), events, rule)
    if event is None:
        return Previewed(number, name, fault=fault)
    stored = event_of(event, masked_paths(caller, bus.pk))
    try:
        made = preview(
            stored,
            transform,
            payload_format=PayloadFormat(target.payload_format),
            rule=given.get("name", "").strip()[:64] or SAMPLE_RULE,
        )
    except TransformError as error:
        return Previewed(number, name, event, fault=str(error))
    return Previewed(number, name, event, made.before.decode(), made.after, made.fault)


def _event(text: str, rows: "QuerySet[EventRow]", rule: Rule | None) -> tuple[EventRow | None, str]:
    if text:
        try:
            found = rows.filter(id=UUID(text)).first()
        except ValueError:
            return None, f"wanted the id of an event, found {text[:50]!r}"
        return found, f"there is no event {text} on this bus"
    matched = recent_matches(rule.pk, rule.name, 1) if rule is not None else []
    if matched and (found := rows.filter(id=matched[0]).first()) is not None:
        return found, ""
    return rows.order_by("-seq").first(), "there is no event on this bus yet"
