"""The configuration as plain values: told, and made so.

Rows are named; rules by bus and name. What has its default is left out. Secrets are never told, only which
are to be given (``secrets_to_give``); a file may give them as ``secrets``.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ProtectedError

from eventhub.api.importing.report import ImportRefusedError, Remark, Report, State
from eventhub.models import DEFAULT_BUS, ApiDestination, Archive, Bus, Connection, Rule, RuleTarget, Target
from eventhub.models.sealed import Sealed

# In the order in which they can be made: each refers to those before it only.
SECTIONS: Mapping[str, type[Any]] = {
    "buses": Bus,
    "connections": Connection,
    "api_destinations": ApiDestination,
    "targets": Target,
    "archives": Archive,
    "rules": Rule,
}
# Of the row's life here, not of what was configured; secrets never leave the installation.
_LEFT_OUT = {"id", "created_at", "updated_at", "sealed", "authorized", "reason", "disabled_reason"}
_REFERRED: Mapping[str, type[Any]] = {
    "bus": Bus,
    "connection": Connection,
    "api_destination": ApiDestination,
    "dead_letter_target": Target,
}
_LINKED = ("name", "identifier", "transform", "told")
_TO_GIVE, _GIVEN = "secrets_to_give", "secrets"


def told() -> dict[str, dict[str, dict[str, Any]]]:
    """Return everything that is configured, by section and name."""
    return {section: {key_of(row): _row(row) for row in _rows(model)} for section, model in SECTIONS.items()}


def document(state: State) -> dict[str, Any]:
    """Return a state as it is written: lists of rows, named by their members."""
    return {section: [dict(row) for row in rows.values()] for section, rows in state.items() if rows}


def key_of(row: Any) -> str:
    """Return the name of a row in its section."""
    return f"{row.bus.name}/{row.name}" if isinstance(row, Rule) else str(row.name)


def _rows(model: type[Any]) -> Any:
    if model is Rule:
        return Rule.objects.select_related("bus").order_by("bus__name", "name")
    return model.objects.order_by("name")


def _row(row: models.Model) -> dict[str, Any]:
    said: dict[str, Any] = {"name": getattr(row, "name")}  # noqa: B009  # each of these models has it
    for field in row._meta.concrete_fields:
        value = getattr(row, field.name)
        if field.name in {*_LEFT_OUT, "name"} or value in (None, ""):
            continue
        if field.has_default() and value == field.get_default():
            continue
        said[field.name] = value.name if field.name in _REFERRED else value
    if isinstance(row, Sealed) and (names := row.secret_names()):
        said[_TO_GIVE] = names
    if isinstance(row, Rule):
        said["targets"] = [_link(link) for link in row.links.select_related("target").order_by("identifier")]
    return said


def _link(link: RuleTarget) -> dict[str, Any]:
    said: dict[str, Any] = {"name": link.target.name}
    if link.identifier != link.target.name:
        said["identifier"] = link.identifier
    if link.transform is not None:
        said["transform"] = link.transform
    return said | ({"told": link.told} if link.told else {})


def apply(wanted: Any, report: Report, *, who: str, prune: bool) -> None:
    """Make what a document of ours says; with ``prune`` delete, in the sections it has, what it does not say.

    Call it in a transaction. What is refused is noted in the report, each row for itself.
    """
    if not isinstance(wanted, dict) or (unknown := sorted(map(str, wanted.keys() - SECTIONS.keys()))):
        found = ", ".join(unknown) if isinstance(wanted, dict) else type(wanted).__name__
        raise ImportRefusedError(f"wanted an object of {', '.join(SECTIONS)}, found {found}")
    named: dict[str, set[str]] = {}
    late: list[tuple[str, Target, str]] = []
    for section, model in SECTIONS.items():
        rows = wanted.get(section, [])
        if not isinstance(rows, list):
            raise ImportRefusedError(f"{section}: wanted a list, found {type(rows).__name__}")
        named[section] = set()
        for place, said in enumerate(rows):
            where = f"{section}[{place}]"
            try:
                named[section].add(_make(model, said, where, late, who))
            except ValidationError as error:
                report.refused += _remarks(where, error)
            except ImportRefusedError as error:
                report.refused.append(Remark(where, str(error)))
        if section == "targets":  # a dead-letter target may stand below those that name it
            _link_dead_letters(late, report)
    if prune:
        for section in reversed([section for section in SECTIONS if section in wanted]):
            _prune(SECTIONS[section], named[section], section, report)


def _make(model: type[Any], said: Any, where: str, late: list[tuple[str, Target, str]], who: str) -> str:
    if not isinstance(said, dict) or not isinstance(said.get("name"), str):
        raise ImportRefusedError("wanted an object with a name")
    fields = {field.name: field for field in model._meta.concrete_fields if field.name not in _LEFT_OUT}
    beside = {_TO_GIVE, _GIVEN} if issubclass(model, Sealed) else {"targets"} if model is Rule else set()
    if unknown := sorted(map(str, said.keys() - fields.keys() - beside)):
        raise ImportRefusedError(
            f"unknown: {', '.join(unknown)}; known are: {', '.join([*fields, *sorted(beside)])}"
        )
    found = {"name": said["name"]}
    if model is Rule:
        said = {"bus": DEFAULT_BUS} | said
        found["bus"] = _referred(Bus, said["bus"], "bus")
    row = model.objects.filter(**found).first() or model()
    for name, field in fields.items():
        if name == "dead_letter_target":
            if said.get(name) is not None:
                late.append((where, row, said[name]))
            else:
                row.dead_letter_target = None
            continue
        value = said.get(name)
        if name in _REFERRED:
            value = None if value is None else _referred(_REFERRED[name], value, name)
        elif value is None:
            value = field.get_default() if field.has_default() else None if field.null else ""
        else:
            value = _typed(field, value)
        setattr(row, name, value)
    if isinstance(row, Sealed):
        _take_secrets(row, said)
    _save(row)
    if isinstance(row, Rule):
        _set_links(row, said.get("targets", []))
        row.record_version(by=who)
    return key_of(row)


def _typed(field: Any, value: Any) -> Any:
    """Return a value if it is of the type that a column has; a pattern may be given as an object."""
    if field.name == "pattern" and isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    for kind, types, wanted in _TYPES:
        if isinstance(field, kind):
            is_other = isinstance(value, bool) and bool not in types
            if is_other or not isinstance(value, types):
                raise ImportRefusedError(f"{field.name}: wanted {wanted}, found {value!r:.80}")
            break
    return value


_TYPES: tuple[tuple[type[Any], tuple[type, ...], str], ...] = (
    (models.BooleanField, (bool,), "true or false"),
    (models.IntegerField, (int,), "a whole number"),
    (models.FloatField, (int, float), "a number"),
    (models.CharField, (str,), "a text"),
    (models.TextField, (str,), "a text"),
)


def _save(row: Any) -> None:
    row.full_clean()
    row.save()


def _referred(model: type[Any], name: Any, member: str) -> Any:
    row = model.objects.filter(name=name).first() if isinstance(name, str) else None
    if row is None:
        raise ImportRefusedError(f"{member}: there is none named {name!r}")
    return row


def _take_secrets(row: Sealed, said: dict[str, Any]) -> None:
    given = said.get(_GIVEN, {})
    if not isinstance(given, dict):
        raise ImportRefusedError("secrets: wanted an object")
    if given:
        row.change_secrets(given)
    missing = sorted(set(map(str, said.get(_TO_GIVE) or ())) - set(row.secret_names()))
    if missing:
        raise ImportRefusedError(f"secrets: wanted {', '.join(missing)}, which no export tells")


def _set_links(rule: Rule, said: Any) -> None:
    if not isinstance(said, list):
        raise ImportRefusedError("targets: wanted a list")
    wanted = []
    for given in said:
        one = {"name": given} if isinstance(given, str) else given
        if not isinstance(one, dict) or one.keys() - set(_LINKED):
            raise ImportRefusedError(f"targets: wanted names, or objects with {', '.join(_LINKED)}")
        target = _referred(Target, one.get("name"), "targets")
        wanted.append((target, one.get("identifier", target.name), one.get("transform"), one.get("told", {})))
    rule.set_links(wanted)


def _link_dead_letters(late: list[tuple[str, Target, str]], report: Report) -> None:
    for where, target, name in late:
        try:
            target.dead_letter_target = _referred(Target, name, "dead_letter_target")
            _save(target)
        except ValidationError as error:
            report.refused += _remarks(where, error)
        except ImportRefusedError as error:
            report.refused.append(Remark(where, str(error)))


def _prune(model: type[Any], named: set[str], section: str, report: Report) -> None:
    for row in list(_rows(model)):
        # A target that is owned goes with its rule, or has gone with one that went before it.
        is_default = model is Bus and row.name == DEFAULT_BUS
        if key_of(row) in named or is_default or getattr(row, "owned", False):
            continue
        try:
            row.delete()
        except (ProtectedError, ValidationError) as error:
            said = error.args[0] if isinstance(error, ProtectedError) else "; ".join(error.messages)
            report.refused.append(Remark(f"{section} {key_of(row)}", f"cannot be removed: {said}"))


def _remarks(where: str, error: ValidationError) -> list[Remark]:
    if not hasattr(error, "error_dict"):
        return [Remark(where, message) for message in error.messages]
    return [
        Remark(f"{where}.{name}" if name != "__all__" else where, message)
        for name, messages in error.message_dict.items()
        for message in messages
    ]
