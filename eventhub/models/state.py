"""Rows as plain values, for the audit trail: what is configured, other rows by their names, no secret.

What a row says of itself is its columns, but for those that are the row's own life. A model whose rows have
more to them (a rule its targets, a key its buses) adds that in ``recorded_beside``, which may read what
``recorded_with`` names. Secrets stay in ``State.secrets``, which is only compared and never kept.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models

from eventhub.secret import BrokenSealError

_OWN_LIFE = {"id", "created_at", "updated_at", "last_login", "date_joined"}
SET, CHANGED = "set", "changed"


@dataclass(frozen=True, slots=True)
class State:
    """A row: what of it is configured, and its secrets by name."""

    kind: str
    name: str
    bus_id: int | None
    values: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    referred: Mapping[str, Any] = field(default_factory=dict)  # the keys of the rows that it refers to

    def told(self, before: "State | None" = None) -> dict[str, Any]:
        """Return the values with a mark for each secret, which says that it is another one than before."""
        if not self.secrets:
            return dict(self.values)
        return dict(self.values) | {"secrets": {name: self._mark(name, before) for name in self.secrets}}

    def _mark(self, name: str, before: "State | None") -> str:
        if before is None:
            return SET
        return SET if before.secrets.get(name) == self.secrets[name] else CHANGED


def state_of(row: Any, *, new: bool = False) -> State:
    """Return the state of a row; rows that it refers to should be loaded with it (``read``).

    ``new`` says that it was made just now, so that nothing stands beside its columns yet.
    """
    columns = [one for one in row._meta.concrete_fields if one.name not in _OWN_LIFE and not _is_secret(one)]
    values = {column.name: _plain(getattr(row, column.name)) for column in columns}
    if hasattr(row, "recorded_beside"):
        values |= row.recorded_beside(new)
    else:
        for several in row._meta.many_to_many:
            values[several.name] = [] if new else sorted(map(str, getattr(row, several.name).all()))
    referred = {column.name: getattr(row, column.attname) for column in columns if column.is_relation}
    return State(kind_of(type(row)), _name(row), _bus_id(row), values, _secrets(row), referred)


def saved(row: Any, fields: Collection[str] | None, was: State) -> State:
    """Return the state after a row that was in another state saved these columns, None for all of them."""
    values, referred = dict(was.values), dict(was.referred)
    for column in row._meta.concrete_fields:
        given = fields is None or column.name in fields or column.attname in fields
        if not given or column.name not in values:
            continue
        if column.is_relation:
            key = getattr(row, column.attname)
            if key == referred.get(column.name):
                continue
            referred[column.name] = key
        values[column.name] = _plain(getattr(row, column.name))
    is_renamed = any(values.get(name) != was.values.get(name) for name in ("name", "username", "bus"))
    has_secrets = fields is None or any(_is_secret(row._meta.get_field(name)) for name in fields)
    return State(
        was.kind,
        _name(row) if is_renamed else was.name,
        _bus_id(row),
        values,
        _secrets(row) if has_secrets else was.secrets,
        referred,
    )


def _name(row: Any) -> str:
    return row.recorded_name() if hasattr(row, "recorded_name") else str(row)


def _bus_id(row: Any) -> int | None:
    return row.pk if row._meta.model_name == "bus" else getattr(row, "bus_id", None)


def kind_of(model: type[models.Model]) -> str:
    """Return how the trail calls the things of a model.

    >>> from eventhub.models.key import ApiKey
    >>> kind_of(ApiKey)
    'api-key'
    """
    return str(model._meta.verbose_name).lower().replace(" ", "-")


def read(model: type[Any], pks: list[Any]) -> dict[Any, State]:
    """Return the states of the rows that are there, by key, locked until the transaction ends."""
    referred = [column.name for column in model._meta.concrete_fields if column.is_relation]
    rows = model._base_manager.select_related(*referred) if referred else model._base_manager.all()
    rows = rows.prefetch_related(*getattr(model, "recorded_with", _WITH.get(model._meta.label_lower, ())))
    found: dict[Any, State] = {}
    rows = rows.order_by("pk")  # locked in one order by all; a rule's own would join its bus once more
    for start in range(0, len(pks), 500):
        chunk = rows.filter(pk__in=pks[start : start + 500]).select_for_update(of=("self",))
        found |= {row.pk: state_of(row) for row in chunk}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return getattr(value, "name", None) or str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _is_secret(column: "models.Field[Any, Any]") -> bool:
    return isinstance(column, models.BinaryField) or column.name == "password"


def _secrets(row: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in row._meta.concrete_fields:
        value = getattr(row, column.name) if _is_secret(column) else None
        # What is sealed reads otherwise each time that it is sealed; a digest tells whether it is the same.
        if value and not column.name.startswith("sealed") and "_sealed" not in column.name:
            name = column.name.removesuffix("_digest")
            found[name] = bytes(value) if isinstance(value, memoryview) else value
    if hasattr(row, "secrets"):
        try:
            found |= row.secrets()
        except BrokenSealError:
            found["sealed"] = bytes(row.sealed)
    return found


# Of Django's own models, which cannot say it themselves: what is read beside a row.
_WITH = {"auth.user": ("groups", "user_permissions"), "auth.group": ("permissions",)}
