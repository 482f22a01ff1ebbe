r"""Transforms: what a target receives in place of the envelope, in EventBridge's three kinds.

    {"Input": "{\"ping\": true}"}                      constant JSON text, whatever the event
    {"InputPath": "$.detail"}                          a part of the event, as JSON
    {"InputTransformer": {"InputPathsMap": {"id": "$.detail.id"},
                          "InputTemplate": "{\"order\": <id>}"}}

This is also the stored form. ``parse_transform`` refuses at saving whatever could not work for any event;
``apply`` then raises nothing. What fails for one event is a ``Transformed`` with a fault, and such a payload
is not to be sent: EventBridge drops it, here it is a dead letter of our own fault, to be redriven once the
template is corrected.

An ``InputPath`` that finds nothing makes ``null``. Beside the variables of the map a template may use the
reserved ones (``RESERVED``), of which two are JSON: ``<aws.events.event.json>`` is the envelope, and
``<aws.events.event>`` the envelope without ``detail``, which EventBridge writes with ``detailType``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from eventhub.domain import jsontext, jsontokens
from eventhub.domain.envelope import Envelope, utc_seconds
from eventhub.domain.jsonpath import MISSING, JsonPath, JsonPathError, parse_path
from eventhub.domain.jsontokens import JsonSyntaxError
from eventhub.domain.template import RawJson, Template, TemplateError, Transformed, parse_template

MAX_INPUT = 8192  # characters
MAX_TEMPLATE = 8192  # characters
MAX_VARIABLES = 100
MAX_NAME = 256  # characters of a variable's name

RULE_ARN = "aws.events.rule-arn"
RULE_NAME = "aws.events.rule-name"
INGESTION_TIME = "aws.events.event.ingestion-time"
EVENT = "aws.events.event"
EVENT_JSON = "aws.events.event.json"
RESERVED = frozenset({RULE_ARN, RULE_NAME, INGESTION_TIME, EVENT, EVENT_JSON})

_KINDS = ("Input", "InputPath", "InputTransformer")
_NAME = re.compile(r"[A-Za-z0-9_\-]+")


class TransformError(ValueError):
    """A transform cannot work: where, what was wanted, what was found."""

    def __init__(self, path: str, wanted: str, found: str, *, reference: str = "") -> None:
        super().__init__(f"{path}: wanted {wanted}, found {found}")
        self.path = path
        self.wanted = wanted
        self.found = found
        self._reference = reference

    def reference(self, target_id: str) -> str:
        """Return EventBridge's words for it, where they are known, else ours in its manner."""
        known = self._reference or f"{self.path} for target {{}} is not valid. Reason: {self}."
        return known.replace("{}", target_id)


@dataclass(frozen=True, slots=True)
class Context:
    """What a template may say beside the event itself."""

    rule_arn: str
    rule_name: str
    accepted_at: int  # microseconds since 1970


@dataclass(frozen=True, slots=True)
class Constant:
    """The same JSON text for every event."""

    text: str

    def apply(self, envelope: Envelope, *, context: Context) -> Transformed:
        """Return the text as it was given."""
        return Transformed(self.text.encode())

    def stored(self) -> dict[str, object]:
        """Return the form that ``parse_transform`` reads."""
        return {"Input": self.text}


@dataclass(frozen=True, slots=True)
class Part:
    """What a path leads to."""

    path: JsonPath

    def apply(self, envelope: Envelope, *, context: Context) -> Transformed:
        """Return the part as JSON, ``null`` if it is not there."""
        if not self.path.steps:
            return Transformed(envelope.as_bytes())
        if self.path.steps == ("detail",):
            return Transformed(envelope.detail)
        found = self.path.find(envelope.decoded())
        return Transformed(b"null" if found is MISSING else jsontext.encode(found))

    def stored(self) -> dict[str, object]:
        """Return the form that ``parse_transform`` reads."""
        return {"InputPath": self.path.text}


@dataclass(frozen=True, slots=True)
class Transformer:
    """A template, and where in the event its variables come from."""

    paths: Mapping[str, JsonPath]
    template: Template

    def apply(self, envelope: Envelope, *, context: Context) -> Transformed:
        """Return the filled template, or a fault if this event's values break it."""
        decoded: dict[str, Any] = {}

        def look_up(name: str) -> Any:
            path = self.paths.get(name)
            if path is None:
                return _reserved(name, envelope, context)
            if not decoded:
                decoded.update(envelope.decoded())
            return path.find(decoded)

        return self.template.fill(look_up)

    def stored(self) -> dict[str, object]:
        """Return the form that ``parse_transform`` reads."""
        paths = {name: path.text for name, path in self.paths.items()}
        return {"InputTransformer": {"InputPathsMap": paths, "InputTemplate": self.template.text}}


Transform = Constant | Part | Transformer


def parse_transform(stored: object) -> Transform | None:
    """Read a transform from its JSON form; None if it asks for none. Raises TransformError.

    >>> parse_transform({"InputPath": "$.detail"}).stored()
    {'InputPath': '$.detail'}
    >>> parse_transform({}) is None
    True
    >>> parse_transform({"Input": "ping"})
    Traceback (most recent call last):
    eventhub.domain.transform.TransformError: Input: wanted a JSON value, found ping (line 1, character 1)
    """
    if stored is None:
        return None
    if not isinstance(stored, Mapping):
        raise TransformError("transform", "an object", _kind(stored))
    for name in stored:
        if name not in _KINDS:
            raise TransformError(str(name), f"only {', '.join(_KINDS)}", "an unknown member")
    given = [name for name in _KINDS if stored.get(name) is not None]
    if len(given) > 1:
        raise TransformError(
            "transform",
            f"one of {', '.join(_KINDS)}",
            " and ".join(given),
            reference="Only one of Input, InputPath, or InputTransformer must be provided for target {}.",
        )
    match given:
        case ["Input"]:
            return _constant(stored["Input"])
        case ["InputPath"]:
            return Part(_path("InputPath", stored["InputPath"]))
        case ["InputTransformer"]:
            return _transformer(stored["InputTransformer"])
    return None


def _constant(text: object) -> Constant:
    checked = _text("Input", text, MAX_INPUT)
    try:
        is_blank = not list(jsontokens.tokens(checked))
    except JsonSyntaxError as error:
        raise TransformError(
            "Input", error.wanted, f"{error.found} ({_place(checked, error.offset)})"
        ) from None
    if is_blank:
        raise TransformError("Input", "a JSON value", "only blanks")
    return Constant(checked)


def _transformer(value: object) -> Transformer:
    here = "InputTransformer"
    if not isinstance(value, Mapping):
        raise TransformError(here, "an object", _kind(value))
    for name in value:
        if name not in ("InputPathsMap", "InputTemplate"):
            raise TransformError(f"{here}.{name}", "only InputPathsMap, InputTemplate", "an unknown member")
    paths = _paths(f"{here}.InputPathsMap", value.get("InputPathsMap"))
    where = f"{here}.InputTemplate"
    text = _text(where, value.get("InputTemplate"), MAX_TEMPLATE)
    try:
        return Transformer(paths, parse_template(text, RESERVED | paths.keys()))
    except TemplateError as error:
        reference = ""
        if error.undefined:
            reference = f"InputTemplate for target {{}} contains invalid placeholder {error.undefined}."
        found = f"{error.found} ({_place(text, error.position)})"
        raise TransformError(where, error.wanted, found, reference=reference) from None


def _paths(here: str, value: object) -> dict[str, JsonPath]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TransformError(here, "an object of paths", _kind(value))
    if len(value) > MAX_VARIABLES:
        raise TransformError(here, f"at most {MAX_VARIABLES} variables", str(len(value)))
    paths = {}
    for name, path in value.items():
        if not isinstance(name, str) or len(name) > MAX_NAME or not _NAME.fullmatch(name):
            wanted = f"a name of 1 to {MAX_NAME} letters, digits, underscores or dashes"
            raise TransformError(here, wanted, f'"{str(name)[:64]}"')
        paths[name] = _path(f"{here}.{name}", path)
    return paths


def _path(here: str, value: object) -> JsonPath:
    if not isinstance(value, str):
        raise TransformError(here, "a path in a string", _kind(value))
    try:
        return parse_path(value)
    except JsonPathError as error:
        raise TransformError(here, error.wanted, f"{error.found} (character {error.position})") from None


def _text(here: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise TransformError(here, "a string", _kind(value))
    if not 1 <= len(value) <= longest:
        raise TransformError(here, f"1 to {longest} characters", str(len(value)))
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise TransformError(here, "text that UTF-8 can hold", "half of a surrogate pair")
    return value


def _place(text: str, position: int) -> str:
    """Say where a character of a text stands, for people.

    >>> _place("one\\ntwo", 5)
    'line 2, character 2'
    """
    line = text.count("\n", 0, position)
    return f"line {line + 1}, character {position - (text.rfind(chr(10), 0, position) + 1) + 1}"


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__


def _reserved(name: str, envelope: Envelope, context: Context) -> object:
    if name == RULE_ARN:
        return context.rule_arn
    if name == RULE_NAME:
        return context.rule_name
    if name == INGESTION_TIME:
        return utc_seconds(context.accepted_at)
    if name == EVENT_JSON:
        return RawJson(envelope.as_bytes().decode())
    return RawJson(_without_detail(envelope))


def _without_detail(envelope: Envelope) -> str:
    """Return the event without ``detail``, by the names that EventBridge was seen to use."""
    return msgspec.json.encode(
        {
            "id": str(envelope.id),
            "account": envelope.account,
            "detailType": envelope.detail_type,
            "time": utc_seconds(envelope.time),
            "source": envelope.source,
            "region": envelope.region,
            "resources": msgspec.Raw(envelope.resources),
            "version": "0",
        }
    ).decode()
