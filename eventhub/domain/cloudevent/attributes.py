"""What a CloudEvent's attributes may be, and how an entry keeps them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from eventhub.domain.entry import Entry, Fault, Rejected

SPEC_VERSION = "1.0"
REQUIRED = ("specversion", "id", "source", "type")
NEVER_EMPTY = {*REQUIRED, "subject", "dataschema", "datacontenttype", "time"}
DATA_AS = "data-as"  # among an event's attributes; see the package
MAX_ATTRIBUTES_BYTES = 16 * 1024  # of names and values together; they do not count in an entry's size
MIN_INTEGER, MAX_INTEGER = -(2**31), 2**31 - 1

Value = str | bool | int

_NAME = re.compile(r"[a-z0-9]+")
# RFC 2046: type/subtype, then parameters in printable ASCII. It becomes a header.
_MEDIA_TYPE = re.compile(r"[!#$&\-^_.+A-Za-z0-9]+/[!#$&\-^_.+A-Za-z0-9]+(?:[ \t]*;[\x20-\x7e\t]*)?")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_JSON_TYPE = re.compile(r"[^/]+/(?:[^;]*\+)?json\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)
_TEXT_TYPE = re.compile(r"(?:text/[^;]+|[^/]+/(?:[^;]*\+)?xml)\s*(?:;.*)?", re.IGNORECASE | re.DOTALL)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CloudEventError(ValueError):
    """It is no CloudEvent that can be taken: where, what was wanted, what was found."""

    def __init__(self, path: str, wanted: str, found: str, code: str = Fault.WRONG_TYPE) -> None:
        super().__init__(
            f"{path}: wanted {wanted}, found {found}" if path else f"wanted {wanted}, found {found}"
        )
        self.path = path
        self.wanted = wanted
        self.found = found
        self.code = code

    def rejected(self) -> Rejected:
        """Return it as what an entry is rejected with."""
        return Rejected(self.code, f"wanted {self.wanted}, found {self.found}", self.path)


def is_name(name: str) -> bool:
    """Tell whether an attribute or extension may have this name.

    >>> is_name("traceparent"), is_name("trace-parent"), is_name("data")
    (True, False, False)
    """
    return _NAME.fullmatch(name) is not None and name != "data"


def is_media_type(text: object) -> bool:
    """Tell whether this may stand in a Content-Type header."""
    return isinstance(text, str) and _MEDIA_TYPE.fullmatch(text) is not None


def is_json_type(media_type: str | None) -> bool:
    """Tell whether a media type means JSON; none at all does.

    >>> is_json_type("application/geo+json; v=1"), is_json_type("text/json"), is_json_type("text/plain")
    (True, True, False)
    """
    return media_type is None or _JSON_TYPE.fullmatch(media_type) is not None


def is_text_type(media_type: str) -> bool:
    """Tell whether a media type means text.

    >>> is_text_type("text/csv"), is_text_type("image/svg+xml"), is_text_type("image/png")
    (True, True, False)
    """
    return _TEXT_TYPE.fullmatch(media_type) is not None


def entry_of(
    attributes: Mapping[str, Value], *, bus: str, detail: bytes, data_as: str | None, prefix: str = ""
) -> Entry:
    """Return the entry of a CloudEvent; raises CloudEventError. ``prefix`` stands before paths (``ce-``)."""
    for name in REQUIRED:
        if name not in attributes:
            raise CloudEventError(f"{prefix}{name}", "this attribute", "nothing", Fault.MISSING)
    size = 0
    for name, value in attributes.items():
        _check(f"{prefix}{name}", name, value)
        size += len(name) + len(str(value).encode())
    if size > MAX_ATTRIBUTES_BYTES:
        wanted = f"at most {MAX_ATTRIBUTES_BYTES} bytes of attributes"
        raise CloudEventError("", wanted, str(size), Fault.TOO_LONG)
    if attributes["specversion"] != SPEC_VERSION:
        raise CloudEventError(f"{prefix}specversion", f'"{SPEC_VERSION}"', shown(attributes["specversion"]))
    time = None
    if "time" in attributes:
        time = _moment(f"{prefix}time", str(attributes["time"]))
    kept: dict[str, object] = {
        name: value for name, value in attributes.items() if name not in ("source", "type")
    }
    if data_as is not None:
        kept[DATA_AS] = data_as
    return Entry(
        bus,
        str(attributes["source"]),
        str(attributes["type"]),
        detail,
        time=time,
        key=str(attributes["id"]),
        attributes=kept,
    )


def shown(value: object) -> str:
    """Return a found value for a message, cut to a length that people read."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 64 else f"{text[:64]}…"


def _check(path: str, name: str, value: Value) -> None:
    if not is_name(name):
        wanted = "an attribute's name of lower-case letters and digits"
        raise CloudEventError(path[:256], wanted, shown(name), Fault.UNKNOWN_MEMBER)
    if name in NEVER_EMPTY and not isinstance(value, str):
        raise CloudEventError(path, "a string", shown(value))
    if isinstance(value, str):
        if not value and name in NEVER_EMPTY:
            raise CloudEventError(path, "text that is not empty", '""', Fault.MISSING)
        if control := _CONTROL.search(value):
            found = f"U+{ord(control[0]):04X}"
            raise CloudEventError(path, "text without control characters", found, Fault.BAD_CHARACTER)
    elif not isinstance(value, bool) and not MIN_INTEGER <= value <= MAX_INTEGER:
        raise CloudEventError(path, "an integer of 32 bits", shown(value))
    if name == "datacontenttype" and not is_media_type(value):
        raise CloudEventError(path, "a media type such as application/json", shown(value))


def _moment(path: str, text: str) -> int:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        moment = None
    if moment is None or moment.tzinfo is None:
        wanted = "a time with offset, such as 2026-01-02T03:04:05Z"
        raise CloudEventError(path, wanted, shown(text), Fault.BAD_TIME)
    return (moment - _EPOCH) // timedelta(microseconds=1)
