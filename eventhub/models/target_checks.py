"""What a target is refused for, field by field: the one judgement of admin, REST and imports.

The path of a refusal is the field's name; for what its kind alone knows it is ``config.<name>`` or, of a
secret, ``secrets.<name>``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eventhub.domain.jsonpath import JsonPathError, parse_path
from eventhub.domain.retry import MAX_AGE_SECONDS, MAX_ATTEMPTS, MIN_AGE_SECONDS
from eventhub.domain.signature import SecretError, parse_secret
from eventhub.models.config import refused_config
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
    if refused := refused_config(target.config):
        return {"config": refused}
    try:
        secrets = target.secrets()
    except BrokenSealError as error:
        return {"secrets": str(error)}
    found = {}
    if kind.name == "bus" and target.bus_id is None:
        found["bus"] = "a bus target needs a bus"
    if kind.name == "api-destination" and target.api_destination_id is None:
        return {"api_destination": "an API destination target needs an API destination"}
    given = {name: value for name, value in secrets.items() if name != MEMBER}
    found |= _misplaced(kind, target.config, given)
    settings = {**target.config, **given, **target.columns()}
    # What delivering adds is never looked at by ``check_settings``: it must not come from people.
    judged = {name: value for name, value in settings.items() if name not in kind.given}
    for name, message in check_settings(kind, judged).items():
        found.setdefault(_place(kind, name, among_secrets=name in given), message)
    for name in _hosts(kind) if not found else ():
        value = settings.get(name)
        if isinstance(value, str) and value:
            refused = refused_host(value) if name == HOST else refused_url(value)
            if refused:
                found[_place(kind, name)] = refused
    return found | _of_signing(secrets)


def _misplaced(kind: Kind, config: Mapping[str, Any], secrets: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings that were given where the kind does not take them."""
    found = {}
    secret = {field.name for field in kind.fields if field.secret}
    plain = {field.name for field in kind.fields} - secret
    for name in config:
        if name == MEMBER:
            found[f"config.{name}"] = "wanted no signing secret, which would be shown to everyone"
        elif name in COLUMNS.get(kind.name, ()) or name in kind.given:
            found[f"config.{name}"] = "wanted as a member of the target itself, found in config"
        elif name in secret:
            found[f"config.{name}"] = "wanted among the secrets, found in config"
    for name in secrets:
        if name in plain or name in kind.given:
            found[f"secrets.{name}"] = "wanted in config or the target itself, found among the secrets"
    return found


def _place(kind: Kind, name: str, *, among_secrets: bool = False) -> str:
    """Return the path of a setting."""
    if name in COLUMNS.get(kind.name, ()):
        return name if kind.name == "webhook" else "api_destination"
    secret = among_secrets or any(field.secret for field in kind.fields if field.name == name)
    return f"secrets.{name}" if secret else f"config.{name}"


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
    is_bus = target.kind == target.Kind.BUS
    if target.pk is None or (target.payload_format == target.Format.EVENTBRIDGE and not is_bus):
        return {}
    transformed = target.links.filter(transform__isnull=False).select_related("rule").first()
    if transformed is None:
        return {}
    because = f"because rule {transformed.rule.name} transforms it"
    if is_bus:
        return {"kind": f"wanted another kind than bus, {because}"}
    return {"payload_format": f"wanted eventbridge, {because}"}


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
