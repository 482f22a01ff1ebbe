"""The fields of an event that were ticked for a new rule, out of the address, and the pattern of them."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, QueryDict

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import masked_paths
from eventhub.domain.mask import is_masked
from eventhub.domain.pattern.picking import How, Offered, Picked, offered, pattern_of
from eventhub.flow.payload import envelope_of
from eventhub.flow.stored import event_of
from eventhub.journal.rows import EventRow

_FROM = "event:"
_FIRST = ("source", "detail-type")  # ticked until the person chooses


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field of the event with its tick, comparison and text."""

    number: int
    field: Offered
    is_ticked: bool
    how: How
    text: str

    @property
    def value(self) -> str:
        """Return the event's value as JSON, a long one shortened."""
        written = (
            json.dumps(self.field.text, ensure_ascii=False)
            if isinstance(self.field.value, str)
            else self.field.text
        )
        return written if len(written) <= 60 else f"{written[:59]}…"


@dataclass(frozen=True, slots=True)
class Ticked:
    """An event, its fields, and the pattern of those that are ticked; ``fault`` says why there is none."""

    event: EventRow
    fields: list[FieldShown]
    pattern: str
    fault: str = ""

    @property
    def name(self) -> str:
        """Return a name for the rule, made of the event's type."""
        kept = "".join(char if char.isascii() and char.isalnum() else "-" for char in self.event.detail_type)
        return "-".join(part for part in kept.lower().split("-") if part)[:64]


def ticked(given: QueryDict, caller: Caller) -> Ticked | None:
    """Return what ``?from=event:{id}`` offers, or None if it is not asked for; 404 without such an event.

    ``f`` names the ticked fields by number, ``how-N`` and ``text-N`` how each is compared.
    """
    asked = given.get("from", "")
    if not asked.startswith(_FROM):
        return None
    event = _event(asked.removeprefix(_FROM), caller)
    masked = masked_paths(caller, event.bus_id)
    envelope = envelope_of(event_of(event, masked)).decoded()
    chosen = set(given.getlist("f")) if "f" in given or "picked" in given else None
    fields = []
    for number, one in enumerate(offered(envelope)):
        if is_masked(one.path, masked):
            continue
        how = next((how for how in one.choices if how.value == given.get(f"how-{number}")), one.choices[0])
        is_ticked = one.path in _FIRST if chosen is None else str(number) in chosen
        text = given.get(f"text-{number}", "")[:1000]
        # What was suggested for another comparison, or is the value, gives way to what is suggested for this.
        if not text or text in {one.suggested(other) for other in one.choices}:
            text = one.suggested(how)
        fields.append(FieldShown(number, one, is_ticked, how, text))
    try:
        picked = [Picked(one.field, one.how, one.text) for one in fields if one.is_ticked]
        pattern = pattern_of(picked) if picked else ""
    except ValueError as error:
        return Ticked(event, fields, "", str(error))
    return Ticked(event, fields, pattern)


def _event(text: str, caller: Caller) -> EventRow:
    try:
        event_id = UUID(text)
    except ValueError:
        raise Http404(f"wanted event:{{id}}, found {text[:50]!r}") from None
    events = seen.on_buses(EventRow.objects.filter(id=event_id), caller, Scope.EVENTS_READ)
    row: EventRow | None = events.first()
    if row is None:
        raise Http404(f"there is no event {event_id}")
    return row
