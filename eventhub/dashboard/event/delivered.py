"""Payloads of an event: what its targets receive in place of the envelope, beside what it was made of.

What was sent is shown as it was kept; what was not sent yet, or is masked, is made as a delivery makes it.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from eventhub.domain import jsontext
from eventhub.domain.difference import Difference, How, differences
from eventhub.domain.payload import PayloadFormat
from eventhub.domain.transform import TransformError
from eventhub.flow.payload import envelope_of
from eventhub.flow.preview import preview
from eventhub.journal.port import NewEvent
from eventhub.journal.rows import AttemptRow, OutcomeRow
from eventhub.models import RuleTarget, Target

_MOST = 10
_SHOWN_CHARACTERS = 64 * 1024
_COMPARED_CHARACTERS = 32 * 1024
_MOST_DIFFERENCES = 100


@dataclass(frozen=True, slots=True)
class PayloadShown:
    """What one delivery's target receives; ``fault`` says why it gets nothing."""

    row: OutcomeRow
    by: str
    body: str = ""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    sent_at: datetime | None = None  # None: as it would be made now
    is_cut: bool = False
    differences: Sequence[Difference] = ()  # from the envelope
    is_compared: bool = False
    more: int = 0  # differences that are not told

    @property
    def is_partial(self) -> bool:
        """Tell whether it is the envelope with a few changes, and not another object altogether."""
        whole = any(one.how is How.REMOVED and one.path == "detail" for one in self.differences)
        return self.is_compared and not whole


def payloads_of(
    event: NewEvent, outcomes: Sequence[OutcomeRow], masked: Collection[str] = ()
) -> list[PayloadShown]:
    """Return the payloads that are not the plain envelope, of the first deliveries.

    ``event`` is as the reader may see it: made of masked fields, a payload is masked where they would be.
    """
    target_ids = {row.target_id for row in outcomes if row.target_id is not None}
    targets = {target.pk: target for target in Target.objects.filter(pk__in=target_ids)}
    links = RuleTarget.objects.filter(rule_id__in={row.rule_id for row in outcomes}, target_id__in=target_ids)
    transforms = {(link.rule_id, link.target_id): link.transform for link in links}
    shown: list[PayloadShown] = []
    envelope = envelope_of(event).as_bytes()
    for row in outcomes:
        target = targets.get(row.target_id or 0)
        if target is None or target.kind == Target.Kind.BUS or len(shown) == _MOST:
            continue
        # A dead-letter target gets the event as it came.
        transform = None if row.attributes else transforms.get((row.rule_id, target.pk))
        if transform is not None or target.payload_format != PayloadFormat.EVENTBRIDGE:
            form = PayloadFormat(target.payload_format)
            made = _payload(event, row, transform, form)
            kept = None if masked else _as_sent(row, made)
            shown.append(_compared(kept or made, envelope))
    return shown


def _payload(event: NewEvent, row: OutcomeRow, transform: object, form: PayloadFormat) -> PayloadShown:
    by = "the rule's transform" if transform is not None else f"the format {form}"
    try:
        seen = preview(event, transform, payload_format=form, rule=row.rule)
    except TransformError as error:  # only by a hand in the database
        return PayloadShown(row, by, fault=str(error))
    if seen.after is None:
        return PayloadShown(row, by, fault=seen.fault)
    body = seen.after.body.decode(errors="replace")
    return PayloadShown(
        row,
        by,
        body[:_SHOWN_CHARACTERS],
        seen.after.content_type,
        seen.after.headers,
        is_cut=len(body) > _SHOWN_CHARACTERS,
    )


def _as_sent(row: OutcomeRow, made: PayloadShown) -> PayloadShown | None:
    """Return the payload of the last attempt that kept one."""
    if not row.attempts:
        return None
    last = (
        AttemptRow.objects.filter(delivery_id=row.seq)
        .order_by("-number")
        .only("request", "started_at")
        .first()
    )
    request: dict[str, Any] = json.loads(last.request) if last is not None else {}
    body = request.get("body")
    if last is None or not isinstance(body, str) or not body or body == "envelope":
        return None
    return replace(made, body=body, fault="", sent_at=last.started_at, is_cut=bool(request.get("cut")))


def _compared(shown: PayloadShown, envelope: bytes) -> PayloadShown:
    """Return the payload with what differs from the envelope, if both are objects of a readable size."""
    if shown.fault or shown.is_cut or max(len(shown.body), len(envelope)) > _COMPARED_CHARACTERS:
        return shown
    try:
        after = jsontext.decode(shown.body.encode())
    except jsontext.JsonTextError:
        return shown
    if not isinstance(after, dict):
        return shown
    found = differences(jsontext.decode(envelope), after)
    return replace(
        shown,
        differences=found[:_MOST_DIFFERENCES],
        is_compared=True,
        more=max(0, len(found) - _MOST_DIFFERENCES),
    )
