"""Payloads of an event: what its targets receive in place of the envelope, made as a delivery makes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from eventhub.domain.payload import PayloadFormat
from eventhub.domain.transform import TransformError
from eventhub.flow.preview import preview
from eventhub.journal.port import NewEvent
from eventhub.journal.rows import OutcomeRow
from eventhub.models import RuleTarget, Target

_MOST = 10
_SHOWN_CHARACTERS = 64 * 1024


@dataclass(frozen=True, slots=True)
class PayloadShown:
    """What one delivery's target receives by the configuration of now; ``fault`` says why it gets nothing."""

    row: OutcomeRow
    by: str
    content_type: str
    headers: tuple[tuple[str, str], ...]
    body: str
    fault: str


def payloads_of(event: NewEvent, outcomes: Sequence[OutcomeRow]) -> list[PayloadShown]:
    """Return the payloads that are not the plain envelope, of the first deliveries.

    ``event`` is as the reader may see it: made of masked fields, a payload is masked where they would be.
    """
    target_ids = {row.target_id for row in outcomes if row.target_id is not None}
    targets = {target.pk: target for target in Target.objects.filter(pk__in=target_ids)}
    links = RuleTarget.objects.filter(rule_id__in={row.rule_id for row in outcomes}, target_id__in=target_ids)
    transforms = {(link.rule_id, link.target_id): link.transform for link in links}
    shown: list[PayloadShown] = []
    for row in outcomes:
        target = targets.get(row.target_id or 0)
        if target is None or target.kind == Target.Kind.BUS:
            continue
        # A dead-letter target gets the event as it came.
        transform = None if row.attributes else transforms.get((row.rule_id, target.pk))
        if transform is not None or target.payload_format != PayloadFormat.EVENTBRIDGE:
            shown.append(_payload(event, row, transform, PayloadFormat(target.payload_format)))
    return shown[:_MOST]


def _payload(event: NewEvent, row: OutcomeRow, transform: object, form: PayloadFormat) -> PayloadShown:
    by = "the rule's transform" if transform is not None else f"the format {form}"
    try:
        seen = preview(event, transform, payload_format=form, rule=row.rule)
    except TransformError as error:  # only by a hand in the database
        return PayloadShown(row, by, "", (), "", str(error))
    if seen.after is None:
        return PayloadShown(row, by, "", (), "", seen.fault)
    body = seen.after.body.decode(errors="replace")[:_SHOWN_CHARACTERS]
    return PayloadShown(row, by, seen.after.content_type, seen.after.headers, body, "")
