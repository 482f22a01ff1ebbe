"""Dead letters as people look for them: which ones, in which groups, and on their way back.

A filter is text from an address or a form; it becomes the journal's ``Selection``, so a list, its count and
a redrive of it mean the same letters. Letters that were redriven stay in lists, and are no part of a redrive.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Case, Count, F, Max, Min, QuerySet, TextField, Value, When

from eventhub.domain.mask import MARK
from eventhub.journal.port import Journal, ReasonClass, Redrive, RedriveState, Selection
from eventhub.journal.rows import DeadLetterRow, RedriveRow, microseconds
from eventhub.models import Rule, Target, record_action

NAMES = ("target", "rule", "bus", "reason")
FILTERS = (*NAMES, "reason_class", "status", "since", "until")
MAX_IDS = 1000
LEAST_PER_SECOND, MOST_PER_SECOND = 0.1, 10_000.0
PER_SECOND = 10.0  # unless asked otherwise: a receiver that was just repaired is not run over
GROUPINGS: Mapping[str, tuple[str, ...]] = {
    "target": ("target",),
    "rule": ("bus", "rule"),
    "error": ("reason_class", "reason"),
}
MOST_GROUPS = 1000


class FilterError(ValueError):
    """A filter asks for what cannot be; ``wrong`` says by member what was wanted and what was found."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in wrong.items()))
        self.wrong = wrong


def read_filter(
    given: Mapping[str, str], *, bus_ids: Collection[int] | None = None, is_masked: bool = False
) -> Selection:
    """Return the selection that a filter's texts ask for, empty ones for nothing; raises FilterError.

    ``bus_ids`` are the buses that the caller may see, None for all; ``is_masked`` tells that fields of
    events are masked for them there, and with these what receivers say.

    >>> read_filter({"target": "crm", "status": "503", "rule": ""})
    Selection(ids=(), bus_ids=(), bus=None, rule=None, target='crm', reason=None, reason_class=None, status=503, since=None, until=None)
    """  # noqa: E501 - a doctest's answer is one line
    read: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, text in given.items():
        if name not in FILTERS:
            wrong[name] = f"unknown; known are: {', '.join(FILTERS)}"
        elif text:
            try:
                read[name] = _READ.get(name, str)(text)
            except ValueError:
                wrong[name] = f"wanted {_WANTED[name]}, found {text[:80]!r}"
    if is_masked and "reason" in read:
        wrong["reason"] = "what receivers say is masked for you: ask for a bus without masked fields"
    if wrong:
        raise FilterError(wrong)
    return limited(Selection(**read), bus_ids)


def limited(selection: Selection, bus_ids: Collection[int] | None) -> Selection:
    """Return the selection within the buses that the caller may see."""
    # Whose buses are all deleted sees none; no bus has this number.
    return selection if bus_ids is None else replace(selection, bus_ids=sorted(bus_ids) or [-1])


def _status(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise ValueError(text)
    return int(text)


def _moment(text: str) -> int:
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(text)
    return microseconds(read)


_READ: Mapping[str, Any] = {
    "reason_class": ReasonClass,
    "status": _status,
    "since": _moment,
    "until": _moment,
}
_WANTED = {
    "reason_class": f"one of {', '.join(sorted(ReasonClass))}",
    "status": "the status of an answer, such as 503",
    "since": "a moment with its zone, such as 2026-01-31T12:00:00Z",
    "until": "a moment with its zone, such as 2026-01-31T12:00:00Z",
}


def selected(selection: Selection, *, redriven: bool | None = None) -> QuerySet[DeadLetterRow]:
    """Return the rows of a selection; those redriven already only, none of them (False), or either (None)."""
    rows = DeadLetterRow.objects.all()
    if redriven is not None:
        rows = rows.filter(redriven_at__isnull=not redriven)
    given = {
        "seq__in": selection.ids or None,
        "bus_id__in": selection.bus_ids or None,
        "dead_at__gte": selection.since,
        "dead_at__lt": selection.until,
        **{name: getattr(selection, name) for name in (*NAMES, "reason_class", "status")},
    }
    return rows.filter(**{column: value for column, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Dead letters that have something in common: a name is None where the grouping leaves it open."""

    target: str | None
    bus: str | None
    rule: str | None
    reason_class: str | None
    reason: str | None
    letters: int
    first_at: datetime  # when the first of them died
    last_at: datetime

    def filter(self) -> dict[str, str]:
        """Return the filter that picks the group's letters."""
        names = ("target", "bus", "rule", "reason_class", "reason")
        given = {name: value for name in names if (value := getattr(self, name))}
        return given if self.reason != MARK else {name: given[name] for name in given if name != "reason"}


def grouped(
    selection: Selection,
    by: Collection[str] = tuple(GROUPINGS),
    *,
    most: int = MOST_GROUPS,
    masked: Collection[int] = (),
) -> tuple[list[LetterGroup], bool]:
    """Return the groups of the selected letters that wait, the largest first, and whether there are more.

    ``by`` names members of ``GROUPINGS``. On the ``masked`` buses what receivers say is masked: there all
    errors of a class are one.
    """
    columns = [column for name, those in GROUPINGS.items() if name in by for column in those]
    rows = selected(selection, redriven=False).order_by()
    if masked and "reason" in columns:
        # By bus as well, so that a masked group's filter picks its letters and no others.
        columns = list(dict.fromkeys(["bus", *columns]))
    said: Any = F("reason")
    if masked:
        hidden = When(bus_id__in=list(masked), then=Value(MARK))
        said = Case(hidden, default=said, output_field=TextField())
    columns = ["said" if column == "reason" else column for column in columns]
    rows = rows.annotate(said=said) if "said" in columns else rows
    counted = rows.values(*columns).annotate(
        letters=Count("seq"), first_at=Min("dead_at"), last_at=Max("dead_at")
    )
    found = list(counted.order_by("-letters", *columns)[: most + 1])
    return [_group(one) for one in found[:most]], len(found) > most


def _group(given: dict[str, Any]) -> LetterGroup:
    open_ = dict.fromkeys(("target", "bus", "rule", "reason_class"))
    return LetterGroup(reason=given.pop("said", None), **{**open_, **given})


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a redrive would find: letters, since when the first waits, and those that could not go again."""

    letters: int
    oldest_at: datetime | None
    without_target: int  # it was deleted
    without_rule: int  # likewise, though the target is there

    @property
    def possible(self) -> int:
        """Return how many would go again."""
        return self.letters - self.without_target - self.without_rule


def dry_run(selection: Selection) -> DryRun:
    """Count what a redrive of the selection would do as things are; nothing is changed."""
    rows = selected(selection, redriven=False).order_by()
    counted = rows.values("bus_id", "rule_id", "target_id").annotate(
        letters=Count("seq"), first=Min("dead_at")
    )
    found = list(counted)
    targets = {one["target_id"] for one in found if one["target_id"] is not None}
    targets_left = set(Target.objects.filter(pk__in=targets).values_list("pk", flat=True))
    rules = {one["rule_id"] for one in found}
    rules_left = set(Rule.objects.filter(pk__in=rules).values_list("bus_id", "pk"))
    targetless = [one for one in found if one["target_id"] not in targets_left]
    ruleless = [
        one
        for one in found
        if one["target_id"] in targets_left and (one["bus_id"], one["rule_id"]) not in rules_left
    ]
    return DryRun(
        sum(one["letters"] for one in found),
        min((one["first"] for one in found), default=None),
        sum(one["letters"] for one in targetless),
        sum(one["letters"] for one in ruleless),
    )


def start(journal: Journal, selection: Selection, *, per_second: float, who: str) -> Redrive:
    """Make a redrive; it begins at once."""
    # Two databases: the trail's transaction is open before the journal's begins, and commits just after it.
    with transaction.atomic():
        made = journal.start_redrive(selection, per_second=per_second, now=_now(), who=who)
        _record(made.id, "started", {"rate_per_second": per_second, "letters": made.total} | _told(selection))
    return made


def steer(journal: Journal, redrive_id: int, state: RedriveState) -> bool:
    """Pause, resume or cancel a redrive; False if it is in no state for that."""
    with transaction.atomic():
        if not journal.steer_redrive(redrive_id, state, now=_now()):
            return False
        _record(redrive_id, _STEERED[state], None)
    return True


_STEERED = {
    RedriveState.PAUSED: "paused",
    RedriveState.RUNNING: "resumed",
    RedriveState.CANCELLED: "cancelled",
}


def _record(redrive_id: int, action: str, after: Mapping[str, Any] | None) -> None:
    record_action("redrive", redrive_id, f"redrive {redrive_id}", action, after=after)


def _told(selection: Selection) -> dict[str, Any]:
    """Return what was selected, for the audit trail."""
    given: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(selection))
    return {name: value for name, value in given.items() if value}


def redrives(*, who: str | None = None) -> QuerySet[RedriveRow]:
    """Return the redrives, or those that one caller made, the newest first."""
    rows = RedriveRow.objects.order_by("-id")
    return rows if who is None else rows.filter(made_by=who)


def redrive_of(row: RedriveRow) -> Redrive:
    """Return a row's redrive."""
    return Redrive(
        row.id,
        msgspec.json.decode(row.selection, type=Selection),
        RedriveState(row.state),
        row.per_second,
        row.total,
        row.done,
        row.skipped,
        msgspec.json.decode(row.skips, type=dict[str, int]),
        microseconds(row.made_at),
        row.made_by,
        microseconds(row.changed_at),
    )


def of_ids(ids: Sequence[int], bus_ids: Collection[int] | None = None) -> Selection:
    """Return the selection of single letters, 1 to ``MAX_IDS`` of them; raises FilterError."""
    if not 1 <= len(ids) <= MAX_IDS:
        raise FilterError({"ids": f"wanted 1 to {MAX_IDS} numbers of dead letters, found {len(ids)}"})
    return limited(Selection(ids=sorted(set(ids))), bus_ids)


def _now() -> int:
    return time.time_ns() // 1000
