"""Marks: what changed in a span, by the audit trail, and which circuits opened or closed, by the rollups."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import Q

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.dashboard.scrubber.span import Span
from eventhub.journal.port import Journal, Past
from eventhub.models import AuditEntry

MOST = 200  # the newest changes, and circuits: more marks are one smear
KINDS = ("bus", "rule", "target")


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Something that happened at a second: ``kind`` is change, opened or closed."""

    at: int
    kind: str
    text: str

    @property
    def glyph(self) -> str:
        """Return what stands before the text."""
        return {"change": "◆", "opened": "▲"}.get(self.kind, "▽")


def read_marks(journal: Journal, span: Span, caller: Caller, bus_id: int | None) -> list[Mark]:
    """Return the marks of the buses that a caller sees, or of one of them, oldest first."""
    targets = _targets(caller, bus_id)
    changes = _changes(span, caller, bus_id, targets)
    return sorted([*changes, *_circuits(journal, span, targets)])


def _targets(caller: Caller, bus_id: int | None) -> dict[int, str]:
    targets = seen.targets(caller)
    if bus_id is not None:
        targets = targets.filter(rules__bus_id=bus_id)
    return dict(targets.values_list("pk", "name"))


def _changes(span: Span, caller: Caller, bus_id: int | None, targets: dict[int, str]) -> list[Mark]:
    since, until = (datetime.fromtimestamp(second, UTC) for second in (span.since, span.until))
    entries = AuditEntry.objects.filter(at__gte=since, at__lt=until, kind__in=KINDS)
    # A target belongs to no bus; who sees some buses is told of those that they see now.
    of_target = Q(kind="target", object_id__in=[str(pk) for pk in targets])
    if bus_id is not None:
        entries = entries.filter(Q(bus_id=bus_id) | of_target)
    elif caller.bus_ids is not None:
        entries = entries.filter(Q(bus_id__in=caller.bus_ids) | of_target)
    newest = entries.order_by("-at").values_list("at", "kind", "name", "action")[:MOST]
    return [
        Mark(int(at.timestamp()), "change", f"{kind} {name} {action}") for at, kind, name, action in newest
    ]


def _circuits(journal: Journal, span: Span, targets: dict[int, str]) -> list[Mark]:
    """Return when circuits opened and closed, to the grain of what was noted of them."""
    if not targets:
        return []
    grain = span.length.noted
    since = span.since - span.since % grain
    found = journal.counts("backlog", Past(since, span.until, grain, step=int(grain)), by=("a",), a=targets)
    opened: dict[int, list[int]] = {}
    for one in found:
        if one.failed:
            opened.setdefault(int(one.counted.a), []).append(one.at)
    marks = []
    for target_id, moments in opened.items():
        name = targets[target_id]
        for before, at in zip([None, *moments[:-1]], moments, strict=True):
            if at != since and (before is None or at > before + grain):
                marks.append(Mark(at, "opened", f"target {name}: circuit opened"))
            if before is not None and at > before + grain:
                marks.append(Mark(before + grain, "closed", f"target {name}: circuit closed"))
        if moments[-1] + 2 * grain <= span.now:
            marks.append(Mark(moments[-1] + grain, "closed", f"target {name}: circuit closed"))
    return sorted(marks)[-MOST:]
