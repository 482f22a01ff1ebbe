"""Recording changes in the audit trail, in the transaction that makes them.

::

    with recorded(Subject(Rule, 7)):      what it was  ── read and locked
        …                                 the change
                                          what it is   ── read; one entry, if it differs

All that one transaction changes in one thing is one entry: a rule, its targets and their transforms are saved
by several statements, and people changed one rule. The entry is written at the first of them and brought up
to date by the others, so that it is complete whenever the transaction commits.

The rows that are configured do this by themselves (``change.Noted``). What else is part of a thing, such as
the buses of a key, or belongs to a model of Django's own, is changed inside ``recorded``.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.db import models, transaction
from django.db.transaction import get_connection
from django.utils import timezone

from eventhub.models.audit import AuditEntry
from eventhub.models.doing import now_doing
from eventhub.models.state import State, read, saved, state_of

_SWITCHES = {
    "enabled": {True: "enabled", False: "disabled"},
    "paused": {True: "paused", False: "resumed"},
}


Key = tuple[type[models.Model], Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """A thing that changes: its model and key, and if it is one row that is saved, that row."""

    model: type[models.Model]
    pk: Any
    row: models.Model | None = field(default=None, compare=False)
    is_new: bool = False
    saved: Collection[str] | None = None  # the columns of the row that are saved; None: all

    @classmethod
    def of(cls, row: models.Model) -> "Subject":
        """Return a row as a subject: one that is made, or of which it is not known what will change."""
        is_new = row._state.adding
        return cls(type(row), row.pk, row if is_new else None, is_new)

    @classmethod
    def saving(cls, row: models.Model, columns: Collection[str] | None) -> "Subject":
        """Return a row of which these columns are saved, None for all, so that it need not be read again."""
        return cls(type(row), row.pk, row, row._state.adding, columns)

    @property
    def key(self) -> Key:
        """Return the model and the key, also of a row that has it only now."""
        return self.model, self.pk if self.row is None else self.row.pk


@dataclass
class _Open:
    """An entry of the transaction under way. As a callback of the commit it lasts just as long as that."""

    before: State | None
    now: State | None  # as this transaction left it last
    seen_in: frozenset[str]  # the savepoints that ``now`` was seen in: rolling one back would undo it
    entry_id: int | None = None

    def known(self) -> State | None:
        """Return how the thing is now, or None if it has to be read: a savepoint has ended since."""
        return self.now if self.seen_in <= _savepoints() else None

    def __call__(self) -> None:
        """Do nothing: the commit ends it."""


@dataclass
class _Change:
    """All entries of one transaction."""

    id: str = field(default_factory=lambda: uuid4().hex)
    opened: dict[Key, _Open] = field(default_factory=dict)

    def __call__(self) -> None:
        """Do nothing: the commit ends it."""


@contextmanager
def recorded(*subjects: Subject) -> Iterator[None]:
    """Record what the block changes in these things. Call it inside a transaction."""
    if now_doing().unrecorded:
        yield
        return
    with transaction.atomic(savepoint=False):
        change = _change()
        each = list({(one.model, one.pk, one.is_new and id(one.row)): one for one in subjects}.values())
        opened = _before(change, [one.key for one in each if not one.is_new])
        yield
        after = _after(each, opened)
        for one in each:
            _keep(change, one.key, opened.get(one.key) or _open(change, one.key, None), after.get(one.key))


def record_created(row: models.Model) -> None:
    """Record a row that was made just now, by code that cannot be called inside ``recorded``."""
    with transaction.atomic():
        change, key = _change(), (type(row), row.pk)
        _keep(change, key, _open(change, key, None), read(type(row), [row.pk])[row.pk])


def record_action(
    kind: str,
    object_id: object,
    name: str,
    action: str,
    *,
    bus_id: int | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Record something that was done and is no change of a row: a replay started, events redacted."""
    with transaction.atomic():
        _write(
            _change(),
            kind=kind,
            object_id=str(object_id),
            name=name,
            action=action,
            bus_id=bus_id,
            after=None if after is None else dict(after),
        )


def _change() -> _Change:
    """Return the change of the transaction under way, beginning it with the first thing that is recorded."""
    # What a rolled-back transaction or savepoint registered goes with it: this list tells what still stands.
    for _sids, callback, *_ in get_connection().run_on_commit:
        if isinstance(callback, _Change):
            return callback
    change = _Change()
    transaction.on_commit(change)
    return change


def _open(change: _Change, key: Key, before: State | None) -> _Open:
    opened = _Open(before, before, _savepoints())
    change.opened[key] = opened
    transaction.on_commit(opened)
    return opened


def _savepoints() -> frozenset[str]:
    return frozenset(filter(None, get_connection().savepoint_ids))


def _standing(change: _Change, key: Key) -> _Open | None:
    opened = change.opened.get(key)
    if opened is None:
        return None
    callbacks = (callback for _sids, callback, *_ in reversed(get_connection().run_on_commit))
    return opened if any(callback is opened for callback in callbacks) else None


def _before(change: _Change, keys: list[Key]) -> dict[Key, _Open]:
    found: dict[Key, _Open] = {}
    unread: dict[type[models.Model], list[Any]] = {}
    for key in keys:
        if opened := _standing(change, key):
            found[key] = opened
        else:
            unread.setdefault(key[0], []).append(key[1])
    for model, pks in unread.items():
        states = read(model, pks)
        for pk in pks:
            found[model, pk] = _open(change, (model, pk), states.get(pk))
    return found


def _after(subjects: list[Subject], opened: Mapping[Key, _Open]) -> dict[Key, State]:
    found: dict[Key, State] = {}
    unread: dict[type[models.Model], list[Any]] = {}
    for one in subjects:
        was = opened[one.key].known() if one.key in opened else None
        if one.is_new and one.row is not None:
            found[one.key] = state_of(one.row, new=True)
        elif one.row is not None and one.row.pk is not None and was is not None:
            found[one.key] = saved(one.row, one.saved, was)
        else:
            unread.setdefault(one.model, []).append(one.pk)
    for model, pks in unread.items():
        found |= {(model, pk): state for pk, state in read(model, pks).items()}
    return found


def _keep(change: _Change, key: Key, opened: _Open, after: State | None) -> None:
    before, opened.now, opened.seen_in = opened.before, after, _savepoints()
    said: dict[str, Any] = {
        "before": None if before is None else before.told(),
        "after": None if after is None else after.told(before),
    }
    # Around the entries' own refusal: this one is not committed yet.
    ours: models.QuerySet[AuditEntry] = models.QuerySet(AuditEntry).filter(
        pk=opened.entry_id, change=change.id
    )
    if said["before"] == said["after"]:
        if opened.entry_id is not None:
            ours._raw_delete(ours.db)
            opened.entry_id = None
        return
    known = after or before
    assert known is not None  # they differ
    said |= {"action": action_of(said["before"], said["after"]), "name": known.name, "bus_id": known.bus_id}
    if opened.entry_id is None or not ours.update(**said):
        opened.entry_id = _write(change, kind=known.kind, object_id=str(key[1]), **said)


# As text: every change of a rule runs it, and composing it takes longer than what it does.
_COLUMNS = (
    "at who door action kind object_id name bus_id before after reason change rolls_back".split()  # noqa: SIM905 - as a table
)
_INSERT = (
    f"INSERT INTO eventhub_auditentry ({', '.join(_COLUMNS)}) VALUES "  # noqa: S608 - our columns
    f"({', '.join(['%s'] * len(_COLUMNS))}) RETURNING id"
)


def _write(change: _Change, **columns: Any) -> int:
    now, db = now_doing(), get_connection()
    columns |= {"who": now.who()[:200], "door": now.door, "reason": now.reason, "rolls_back": now.rolls_back}
    columns |= {"at": db.ops.adapt_datetimefield_value(timezone.now()), "change": change.id}
    for name in ("before", "after"):
        if columns.get(name) is not None:
            columns[name] = db.ops.adapt_json_value(columns[name], None)
    with db.cursor() as cursor:
        cursor.execute(_INSERT, [columns.get(name) for name in _COLUMNS])
        return int(cursor.fetchone()[0])


def action_of(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """Return what was done, in a word.

    >>> action_of({"name": "a", "paused": False}, {"name": "a", "paused": True})
    'paused'
    """
    if before is None:
        return "created"
    if after is None:
        return "deleted"
    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    differing.discard("disabled_reason")
    switched = next(iter(differing)) if len(differing) == 1 else ""
    return _SWITCHES[switched][after[switched]] if switched in _SWITCHES else "changed"
