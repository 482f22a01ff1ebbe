"""All kinds of target, by name, and whether settings are what a kind wants."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from eventhub.domain.hosts import check_url
from eventhub.domain.jsonpath import parse_path
from eventhub.targets.api_destination import ApiDestinationKind
from eventhub.targets.aws.cloudwatch_logs import CloudWatchLogsKind
from eventhub.targets.aws.eventbridge import EventBridgeKind
from eventhub.targets.aws.firehose import FirehoseKind
from eventhub.targets.aws.kinesis import KinesisKind
from eventhub.targets.aws.lambda_ import LambdaKind
from eventhub.targets.aws.sns import SnsKind
from eventhub.targets.aws.sqs import SqsKind
from eventhub.targets.aws.step_functions import StepFunctionsKind
from eventhub.targets.bus import BusKind
from eventhub.targets.email import EmailKind
from eventhub.targets.kafka import KafkaKind
from eventhub.targets.kind import Field, FieldType, Kind
from eventhub.targets.log import LogKind
from eventhub.targets.nats import NatsKind
from eventhub.targets.rabbitmq import RabbitMqKind
from eventhub.targets.redis_stream import RedisStreamKind
from eventhub.targets.webhook import WebhookKind

MAX_TEXT = 2048
MAX_PAIRS = 100

# In the order in which people choose.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            WebhookKind(),
            BusKind(),
            ApiDestinationKind(),
            SqsKind(),
            SnsKind(),
            LambdaKind(),
            KinesisKind(),
            FirehoseKind(),
            StepFunctionsKind(),
            CloudWatchLogsKind(),
            EventBridgeKind(),
            RabbitMqKind(),
            NatsKind(),
            KafkaKind(),
            RedisStreamKind(),
            EmailKind(),
            LogKind(),
        )
    }
)


class UnknownKindError(ValueError):
    """There is no kind of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"wanted one of {', '.join(KINDS)}, found {name!r}")


def kind_of(name: str) -> Kind:
    """Return a kind by name; raises UnknownKindError."""
    try:
        return KINDS[name]
    except KeyError:
        raise UnknownKindError(name) from None


def complete(kind: Kind, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the defaults of the fields that were left out, as kinds are given them."""
    defaults = {field.name: field.default for field in kind.fields if field.default is not None}
    unchosen = {field.name for field in kind.fields if field.type is FieldType.CHOICE}
    return defaults | {
        name: value
        for name, value in settings.items()
        if value is not None and not (value == "" and name in unchosen)
    }


def check_settings(kind: Kind, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with a target's settings, by name: what was wanted and what was found.

    Each field is looked at by itself; only if all are right, the kind looks at them together. Which addresses
    may be reached is not judged here: that is for ``domain.hosts`` with the operator's guard.
    """
    known = {field.name: field for field in kind.fields}
    wrong = {
        name: f"unknown: {_article(kind.name)} target takes {', '.join(known) or 'no settings'}"
        for name in settings
        if name not in known and name not in kind.given
    }
    for name, field in known.items():
        message = _wrong(field, settings.get(name))
        if message:
            wrong[name] = message
    return wrong or kind.check(complete(kind, settings))


# What a field of a type holds that is left empty. Another type's emptiness is a mistake like any other value.
_EMPTY: Mapping[FieldType, Any] = {FieldType.PAIRS: {}, FieldType.TEXTS: []} | dict.fromkeys(
    (FieldType.TEXT, FieldType.URL, FieldType.CHOICE, FieldType.EVENT_PATH), ""
)


def _is_empty(field: Field, value: Any) -> bool:
    return value is None or (type(value) is type(_EMPTY.get(field.type)) and not value)


def _wrong(field: Field, value: Any) -> str:
    if _is_empty(field, value):
        return f"{field.label} is required" if field.required else ""
    try:
        _CHECKS[field.type](field, value)
        if field.check is not None:
            field.check(value)
    except ValueError as error:
        return str(error)
    return ""


def _text(field: Field, value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"wanted a text, found {_shown(field, value)}")
    low, high = field.low or 0, field.high or MAX_TEXT
    if not low <= len(value) <= high:
        raise ValueError(f"wanted {low} to {high} characters, found {len(value)}")
    if "\0" in value:
        raise ValueError("wanted a text without null characters")


def _url(field: Field, value: Any) -> None:
    _text(field, value)
    check_url(value)


def _integer(field: Field, value: Any) -> None:
    if type(value) is not int:
        raise ValueError(f"wanted an integer, found {_shown(field, value)}")
    if (field.low is not None and value < field.low) or (field.high is not None and value > field.high):
        raise ValueError(f"wanted {_range(field)}, found {value}")


def _boolean(field: Field, value: Any) -> None:
    if not isinstance(value, bool):
        raise ValueError(f"wanted true or false, found {_shown(field, value)}")


def _choice(field: Field, value: Any) -> None:
    if not isinstance(value, str) or value not in field.choices:
        raise ValueError(f"wanted {' or '.join(field.choices)}, found {_shown(field, value)}")


def _pairs(field: Field, value: Any) -> None:
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and name and isinstance(text, str) for name, text in value.items()
    ):
        raise ValueError(f"wanted an object of names and texts, found {_shown(field, value)}")
    _bounded(value)
    for name, text in value.items():
        if len(name) > MAX_TEXT or len(text) > MAX_TEXT:
            raise ValueError(f"{name[:64]}: wanted at most {MAX_TEXT} characters")


def _texts(field: Field, value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"wanted a list of texts, found {_shown(field, value)}")
    _bounded(value)
    for text in value:
        _text(field, text)


def _bounded(value: Any) -> None:
    if len(value) > MAX_PAIRS:
        raise ValueError(f"wanted at most {MAX_PAIRS} members, found {len(value)}")


def _event_path(field: Field, value: Any) -> None:
    _text(field, value)
    parse_path(value)


_CHECKS: Mapping[FieldType, Callable[[Field, Any], None]] = {
    FieldType.TEXT: _text,
    FieldType.URL: _url,
    FieldType.INTEGER: _integer,
    FieldType.BOOLEAN: _boolean,
    FieldType.CHOICE: _choice,
    FieldType.PAIRS: _pairs,
    FieldType.TEXTS: _texts,
    FieldType.EVENT_PATH: _event_path,
}


def _range(field: Field) -> str:
    if field.high is None:
        return f"{field.low} or more"
    return f"at most {field.high}" if field.low is None else f"{field.low} to {field.high}"


def _shown(field: Field, value: Any) -> str:
    """Return a value for a message: not more than a few words, and no secret."""
    if field.secret:
        return "another type" if not isinstance(value, str) else "another text"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"
