"""What a target is refused for, field by field: the one judgement of admin, REST and imports.

The path of a refusal is the field's name; for what its kind alone knows it is ``config.<name>`` or, of a
secret, ``secrets.<name>``.
"""

from typing import TYPE_CHECKING, Any

from eventhub.domain.jsonpath import JsonPathError, parse_path
from eventhub.domain.retry import MAX_AGE_SECONDS, MAX_ATTEMPTS, MIN_AGE_SECONDS
from eventhub.domain.signature import SecretError, parse_secret
from eventhub.models.hosts import refused_host, refused_url
from eventhub.models.signing import MEMBER
from eventhub.secret import BrokenSealError
from eventhub.targets.kind import FieldType, HttpKind, Kind
from eventhub.targets.kinds import UnknownKindError, check_settings, kind_of

if TYPE_CHECKING:
    from eventhub.models.target import Target

# Settings of a kind that are columns of the target or of its API destination, not members of ``config``.
COLUMNS = {"webhook": ("url",), "api-destination": ("endpoint", "method")}
HOST = "host"
RANGES: dict[str, tuple[float, float]] = {
    "max_attempts": (1, MAX_ATTEMPTS),
    "max_age_seconds": (MIN_AGE_SECONDS, MAX_AGE_SECONDS),
    "timeout_seconds": (1, 60),
    "connect_timeout_seconds": (1, 60),
    "max_in_flight": (1, 1000),
    "rate_per_second": (0.01, 100_000),
    "circuit_failures": (0, 10_000),
    "circuit_ratio": (0, 100),
    "circuit_wait_seconds": (1, 3600),
}


def refusals(target: "Target") -> dict[str, str]:
    """Return what is wrong with a target, by path; empty if nothing is."""
    found: dict[str, str] = {}
    try:
        kind = kind_of(target.kind)
    except UnknownKindError as error:
        return {"kind": str(error)}
    found |= _of_kind(target, kind)
    found |= _of_format(target, kind)
    for name, (low, high) in RANGES.items():
        value = getattr(target, name)
        if value is not None and not low <= value <= high:
            found[name] = f"wanted {low:g} to {high:g}, found {value:g}"
    if target.fifo_path:
        try:
            parse_path(target.fifo_path)
        except JsonPathError as error:
            found["fifo_path"] = str(error)
    found |= _of_dead_letters(target)
    found |= _of_transforms(target)
    return found


def _of_kind(target: "Target", kind: Kind) -> dict[str, str]:
    if not isinstance(target.config, dict):
        return {"config": f"wanted an object, found {type(target.config).__name__}"}
    try:
        secrets = target.secrets()
    except BrokenSealError as error:
        return {"secrets": str(error)}
    found = {}
    if kind.name == "bus" and target.bus_id is None:
        found["bus"] = "a bus target needs a bus"
    if kind.name == "api-destination" and target.api_destination_id is None:
        return {"api_destination": "an API destination target needs an API destination"}
    columns = COLUMNS.get(kind.name, ())
    secret = {field.name for field in kind.fields if field.secret}
    for name in target.config:
        if name in columns:
            found[f"config.{name}"] = "wanted as a member of the target itself, found in config"
        elif name in secret:
            found[f"config.{name}"] = "wanted among the secrets, found in config"
    given = {name: value for name, value in secrets.items() if name != MEMBER}
    settings = {**target.config, **given, **target.columns()}
    for name, message in check_settings(kind, settings).items():
        place = (
            name
            if name in columns
            else f"secrets.{name}"
            if name in secret | given.keys()
            else f"config.{name}"
        )
        found.setdefault(place, message)
    for name in _hosts(kind) if not found else ():
        value = settings.get(name)
        if isinstance(value, str) and value:
            refused = refused_host(value) if name == HOST else refused_url(value)
            if refused:
                found[name if name in columns else f"config.{name}"] = refused
    return found | _of_signing(secrets)


def _hosts(kind: Kind) -> list[str]:
    """Return the settings that name a host: URLs, and what kinds with clients of their own call ``host``."""
    named = [field.name for field in kind.fields if field.type is FieldType.URL or field.name == HOST]
    return list(dict.fromkeys([*named, *(name for name in COLUMNS.get(kind.name, ()) if name != "method")]))


def _of_signing(secrets: dict[str, Any]) -> dict[str, str]:
    for one in secrets.get(MEMBER, []):
        try:
            parse_secret(one["secret"])
        except SecretError as error:
            return {f"secrets.{MEMBER}": str(error)}
    return {}


def _of_format(target: "Target", kind: Kind) -> dict[str, str]:
    formats = formats_of(kind)
    if target.payload_format in formats or target.payload_format not in target.Format.values:
        return {}  # of a text that is no format at all, the field itself says so
    wanted = " or ".join(formats)
    return {
        "payload_format": f"wanted {wanted} for a target of kind {kind.name}, found {target.payload_format}"
    }


def formats_of(kind: Kind) -> list[str]:
    """Return the payload formats that a kind can send; binary CloudEvents need HTTP's headers."""
    if kind.name == "bus":
        return ["eventbridge"]
    formats = ["eventbridge", "cloudevents-structured", "detail"]
    return [*formats, "cloudevents-binary"] if isinstance(kind, HttpKind) else formats


def _of_transforms(target: "Target") -> dict[str, str]:
    if target.pk is None or target.payload_format == target.Format.EVENTBRIDGE:
        return {}
    transformed = target.links.filter(transform__isnull=False).select_related("rule").first()
    if transformed is None:
        return {}
    return {"payload_format": f"wanted eventbridge, because rule {transformed.rule.name} transforms it"}


def _of_dead_letters(target: "Target") -> dict[str, str]:
    steps, following = 0, target.dead_letter_target
    while following is not None and target.pk is not None:
        if following.pk == target.pk:
            found = (
                "itself" if not steps else f"{target.dead_letter_target}, whose dead letters come back here"
            )
            return {"dead_letter_target": f"wanted another target, found {found}"}
        steps, following = steps + 1, following.dead_letter_target
    return {}
