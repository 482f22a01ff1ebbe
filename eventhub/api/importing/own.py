"""Our own form: making what it says, the way that ``state`` tells it. It may give secrets as ``secrets``."""

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ProtectedError

from eventhub.api.importing.report import (
    BROKEN,
    ImportRefusedError,
    Remark,
    Report,
    UnsupportedError,
    broken,
)
from eventhub.api.importing.shapes import check_column
from eventhub.flow.as_values import LEFT_OUT, REFERRED, SECTIONS, TO_GIVE, default_of, key_of, rows
from eventhub.models import DEFAULT_BUS, Bus, Connection, PartnerSource, Rule, RuleTarget, Target
from eventhub.models.partner import is_source_name
from eventhub.models.sealed import Sealed

_LINKED = ("name", "identifier", "transform", "told")
_GIVEN = "secrets"


def apply(wanted: Any, report: Report, *, who: str, prune: bool) -> None:
    """Make what a document of ours says; with ``prune`` delete, in the sections it has, what it does not say.

    Call it in a transaction. What is refused is noted in the report, each row for itself.
    """
    if not isinstance(wanted, dict) or (unknown := sorted(map(str, wanted.keys() - SECTIONS.keys()))):
        found = ", ".join(unknown) if isinstance(wanted, dict) else type(wanted).__name__
        raise ImportRefusedError(f"wanted an object of {', '.join(SECTIONS)}, found {found}")
    for section in SECTIONS:
        if not isinstance(wanted.get(section, []), list):
            raise ImportRefusedError(f"{section}: wanted a list, found {type(wanted[section]).__name__}")
    making = _Making(report, who)
    for section, model in SECTIONS.items():
        for place, said in enumerate(wanted.get(section, [])):
            making.row(section, model, said, f"{section}[{place}]")
        if section == "targets":  # a dead-letter target may stand below those that name it
            making.link_dead_letters()
    if prune:
        for section in reversed([section for section in SECTIONS if section in wanted]):
            _prune(SECTIONS[section], making.named[section], section, report)


class _Making:
    """The rows of one document as they are made."""

    def __init__(self, report: Report, who: str) -> None:
        self.named: dict[str, set[str]] = {section: set() for section in SECTIONS}
        self._report = report
        self._who = who
        self._late: list[tuple[str, Target, Any]] = []
        self._left_out: set[tuple[type[Any], str]] = set()

    def row(self, section: str, model: type[Any], said: Any, where: str) -> None:
        """Make one row, or note why not."""
        try:
            name = self._make(model, said, where)
            if name in self.named[section]:
                raise ImportRefusedError(f"{name} is there twice")
            self.named[section].add(name)
        except ValidationError as error:
            self._report.refused += _remarks(where, error)
        except ImportRefusedError as error:
            self._report.refused.append(Remark(where, str(error)))
        except UnsupportedError as error:
            self._left_out.add((model, said["name"]))
            self._report.unsupported.append(Remark(where, str(error)))
        except BROKEN as error:
            self._report.refused.append(broken(where, error))

    def link_dead_letters(self) -> None:
        """Let targets name one another, once all of them are there."""
        for where, target, name in self._late:
            try:
                target.dead_letter_target = self._referred(Target, name, "dead_letter_target")
                _save(target)
            except ValidationError as error:
                self._report.refused += _remarks(where, error)
            except ImportRefusedError as error:
                self._report.refused.append(Remark(where, str(error)))
            except UnsupportedError as error:
                self._report.unsupported.append(Remark(where, str(error)))

    def _make(self, model: type[Any], said: Any, where: str) -> str:
        if not isinstance(said, dict) or not isinstance(said.get("name"), str):
            raise ImportRefusedError("wanted an object with a name")
        fields = {field.name: field for field in model._meta.concrete_fields if field.name not in LEFT_OUT}
        beside = {TO_GIVE, _GIVEN} if issubclass(model, Sealed) else {"targets"} if model is Rule else set()
        if unknown := sorted(map(str, said.keys() - fields.keys() - beside)):
            raise ImportRefusedError(
                f"unknown: {', '.join(unknown)}; known are: {', '.join([*fields, *sorted(beside)])}"
            )
        found = {"name": said["name"]}
        if model is Rule:
            said = {"bus": DEFAULT_BUS} | said
            found["bus"] = self._referred(Bus, said["bus"], "bus")
        row = model.objects.filter(**found).first() or model()
        if isinstance(row, Bus) and row._state.adding:
            _check_partner(said["name"])
        for name, field in fields.items():
            if name == "dead_letter_target":
                if said.get(name) is not None:
                    self._late.append((where, row, said[name]))
                else:
                    row.dead_letter_target = None
            elif name != "authorized":
                setattr(row, name, self._value(model, field, said.get(name)))
        _complete(row, said, fields)
        _save(row)
        if isinstance(row, Rule):
            self._set_links(row, said.get("targets", []), where)
            row.record_version(by=self._who)
        return key_of(row)

    def _value(self, model: type[Any], field: Any, value: Any) -> Any:
        if field.name in REFERRED:
            return None if value is None else self._referred(REFERRED[field.name], value, field.name)
        if value is None:
            return field.get_default() if field.has_default() else None if field.null else ""
        check_column(model, field.name, value)
        return _typed(field, value)

    def _referred(self, model: type[Any], name: Any, member: str) -> Any:
        row = model.objects.filter(name=name).first() if isinstance(name, str) else None
        if row is None and isinstance(name, str) and (model, name) in self._left_out:
            raise UnsupportedError(f"{member}: {name} is left out")
        if row is None:
            raise ImportRefusedError(f"{member}: there is none named {name!r:.80}")
        return row

    def _set_links(self, rule: Rule, said: Any, where: str) -> None:
        if not isinstance(said, list):
            raise ImportRefusedError(f"targets: wanted a list, found {type(said).__name__}")
        wanted: dict[str, tuple[Target, str, Any, dict[str, Any]]] = {}
        for given in said:
            one = {"name": given} if isinstance(given, str) else given
            if not isinstance(one, dict) or one.keys() - set(_LINKED):
                raise ImportRefusedError(f"targets: wanted names, or objects with {', '.join(_LINKED)}")
            try:
                target = self._referred(Target, one.get("name"), "targets")
            except UnsupportedError as error:
                self._report.unsupported.append(Remark(where, str(error)))
                continue
            identifier = one.get("identifier", target.name)
            if not isinstance(identifier, str):
                raise ImportRefusedError(f"targets: identifier: wanted a text, found {identifier!r:.80}")
            if one.get("told"):
                check_column(RuleTarget, "told", one["told"])
            if identifier in wanted:
                raise ImportRefusedError(f"targets: {identifier} is there twice")
            wanted[identifier] = (target, identifier, one.get("transform"), one.get("told") or {})
        rule.set_links(wanted.values())


def _check_partner(name: str) -> None:
    if is_source_name(name) and not PartnerSource.shared().filter(name=name, bus=None).exists():
        raise UnsupportedError(
            "a bus of a partner's events: no partner event source of this name waits for its bus here"
        )


def _typed(field: Any, value: Any) -> Any:
    """Return a value if it is of the type that a column has; a pattern may be given as an object."""
    if field.name == "pattern" and isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    for kind, types, wanted in _TYPES:
        if isinstance(field, kind):
            is_other = isinstance(value, bool) and bool not in types
            if is_other or not isinstance(value, types):
                raise ImportRefusedError(f"{field.name}: wanted {wanted}, found {value!r:.80}")
            if isinstance(value, int) and abs(value) > 2**53:
                raise ImportRefusedError(f"{field.name}: wanted a smaller number")
            break
    return value


_TYPES: tuple[tuple[type[Any], tuple[type, ...], str], ...] = (
    (models.BooleanField, (bool,), "true or false"),
    (models.IntegerField, (int,), "a whole number"),
    (models.FloatField, (int, float), "a number"),
    (models.CharField, (str,), "a text"),
    (models.TextField, (str,), "a text"),
)


def _complete(row: Any, said: dict[str, Any], fields: dict[str, Any]) -> None:
    """Set what depends on more than one member."""
    if isinstance(row, Target) and said.get("max_age_seconds") is None:
        row.max_age_seconds = default_of(row, fields["max_age_seconds"])
    if isinstance(row, Connection):
        _authorize(row, said, fields["authorized"])
    if isinstance(row, Sealed):
        _take_secrets(row, said)


def _authorize(row: Connection, said: dict[str, Any], field: Any) -> None:
    """Take what is said; what is not said stays, but new secrets authorise a connection again."""
    if said.get("authorized") is not None:
        row.authorized = _typed(field, said["authorized"])
    elif said.get(_GIVEN):
        row.authorized = True
    if row.authorized:
        row.reason = ""


def _save(row: Any) -> None:
    row.full_clean()
    row.save()


def _take_secrets(row: Sealed, said: dict[str, Any]) -> None:
    given, to_give = said.get(_GIVEN) or {}, said.get(TO_GIVE) or []
    if not isinstance(given, dict):
        raise ImportRefusedError("secrets: wanted an object")
    if not isinstance(to_give, list) or not all(isinstance(name, str) for name in to_give):
        raise ImportRefusedError(f"{TO_GIVE}: wanted a list of names")
    if given:
        row.change_secrets(given)
    if missing := sorted(set(to_give) - set(row.secret_names())):
        raise ImportRefusedError(f"secrets: wanted {', '.join(missing)}, which no export tells")


def _prune(model: type[Any], named: set[str], section: str, report: Report) -> None:
    for row in list(rows(model)):
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
