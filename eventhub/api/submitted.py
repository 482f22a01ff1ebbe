"""Entries as the REST door takes them: JSON text to ``Entry`` values, or why not.

The body is one object or an array of them::

    {"source": "shop", "detail-type": "order placed", "detail": {…},
     "time": "2026-01-02T03:04:05Z", "resources": ["…"], "id": "order-17"}

``detail`` stays the producer's own bytes. A body in order is read by one typed pass. Whatever that refuses is
read again member by member, slower, to say which entry is wrong and where; only a body that is not JSON fails
as a whole. So is a body that may hold a member twice (``_is_plain``): readers disagree on which one counts.
Nesting beyond what the C decoder can follow is folded away first (``jsonfold``).
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import msgspec

from eventhub.domain import jsontext
from eventhub.domain.entry import Entry, Fault, Rejected
from eventhub.domain.jsonfold import fold, unfold

MAX_ENTRIES = 1000
# No error message is worth seconds. A fault in a larger body is told in the C decoder's words, because the
# slow reader takes up to 16 µs a byte; a larger or deeper body is not folded but refused as a whole.
CLOSELY_BYTES = 64 * 1024
FOLDED_BYTES = 2**20

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BodyError(ValueError):
    """The body as a whole is not what the door takes. The sentence says where, what was wanted and found."""


class _Submitted(msgspec.Struct, forbid_unknown_fields=True, rename={"detail_type": "detail-type"}, gc=False):
    source: str
    detail_type: str
    detail: msgspec.Raw
    time: str | msgspec.UnsetType | None = msgspec.UNSET
    resources: list[str] | msgspec.UnsetType | None = msgspec.UNSET
    id: str | msgspec.UnsetType | None = msgspec.UNSET


_MEMBERS = ("source", "detail-type", "detail", "time", "resources", "id")
_one = msgspec.json.Decoder(_Submitted)
_many = msgspec.json.Decoder(list[_Submitted])
_texts = msgspec.json.Decoder(list[msgspec.Raw])
# An array read as a structure of so many members ends at the next one; a list would first take millions.
_NAMES = [f"entry_{number}" for number in range(MAX_ENTRIES)]
_bounded = msgspec.json.Decoder(
    msgspec.defstruct(
        "Texts",
        [
            (f"entry_{number}", msgspec.Raw | msgspec.UnsetType, msgspec.UNSET)
            for number in range(MAX_ENTRIES)
        ],
        array_like=True,
        forbid_unknown_fields=True,
    )
)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)


def read_entries(body: bytes, bus: str) -> list[Entry | Rejected]:
    """Return the entries of a request's body for ``bus``, in order; raises BodyError if it has none."""
    is_array = body.lstrip(b" \t\r\n")[:1] == b"["
    try:
        if is_array and len(body) > CLOSELY_BYTES:
            submitted = [_one.decode(text) for text in _elements(body)]
        else:
            submitted = _many.decode(body) if is_array else [_one.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _read_closely(body, bus, is_array)
    _check_number(len(submitted))
    if not _is_plain(body, submitted):
        return _read_closely(body, bus, is_array)
    return [_entry(one, bus) for one in submitted]


def _is_plain(body: bytes, submitted: list[_Submitted]) -> bool:
    """Tell cheaply that no entry has a member twice; False means: look closely.

    A member that the typed pass overwrote has a colon in the text that nothing it returned accounts for. Only
    one written escaped, within a string, could hide it.
    """
    if b"\\u00" in body and _ESCAPED_COLON.search(body):
        return False
    return body.count(b":") == sum(map(_colons, submitted))


def _colons(one: _Submitted) -> int:
    count = 3 + bytes(one.detail).count(b":") + one.source.count(":") + one.detail_type.count(":")
    for text in (one.time, one.id):
        if text is not msgspec.UNSET:
            count += 1 + (text.count(":") if text else 0)
    if one.resources is not msgspec.UNSET:
        count += 1 + (sum(resource.count(":") for resource in one.resources) if one.resources else 0)
    return count


_ESCAPED_COLON = re.compile(rb"\\u003[aA]")


def _entry(one: _Submitted, bus: str) -> Entry | Rejected:
    try:
        time = None if one.time is None or one.time is msgspec.UNSET else _moment_of(one.time)
    except _FaultError as error:
        return Rejected(*error.args)
    key = None if one.id is msgspec.UNSET else one.id
    return Entry(bus, one.source, one.detail_type, bytes(one.detail), time, one.resources or (), key)


def _read_closely(body: bytes, bus: str, is_array: bool) -> list[Entry | Rejected]:
    folded: list[bytes] | None = None
    try:
        texts = _split(body, is_array)
    except RecursionError:
        if len(body) > FOLDED_BYTES:
            raise BodyError(f"nested deeper than {jsontext.MAX_DEPTH} levels") from None
        text, folded = _fold(body, depth=2 if is_array else 1)
        try:
            texts = _split(text, is_array)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            _refuse(body, "the body is not JSON")
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        _refuse(body, f"the body is not JSON: {error}")
    _check_number(len(texts))
    return [_read_one(text, bus, folded) for text in texts]


def _split(body: bytes, is_array: bool) -> list[bytes]:
    texts = _elements(body) if is_array else [bytes(msgspec.json.decode(body, type=msgspec.Raw))]
    for text in texts:
        if text[:1] == b"{":
            _members.decode(text)  # raises on names that are not text
    return texts


def _elements(body: bytes) -> list[bytes]:
    try:
        elements = msgspec.structs.astuple(_bounded.decode(body))
    except msgspec.ValidationError:
        raise BodyError(f"wanted an array of 1 to {MAX_ENTRIES} entries, found more") from None
    return [bytes(element) for element in elements if element is not msgspec.UNSET]


def _refuse(body: bytes, fault: str) -> NoReturn:
    if not body.strip():
        raise BodyError("wanted one entry, or an array of them, found an empty body")
    if len(body) > CLOSELY_BYTES:
        raise BodyError(fault)
    try:
        jsontext.decode(body)
    except jsontext.JsonTextError as error:
        line = body.count(b"\n", 0, error.position) + 1
        column = error.position - (body.rfind(b"\n", 0, error.position) + 1) + 1
        raise BodyError(
            f"{error.message} (byte {error.position}; line {line}, byte {column} of it)"
        ) from None
    raise BodyError("the body is not JSON that can be read")


def _check_number(number: int) -> None:
    if not 1 <= number <= MAX_ENTRIES:
        raise BodyError(f"wanted one entry, or an array of 1 to {MAX_ENTRIES}, found {number}")


def _read_one(text: bytes, bus: str, folded: list[bytes] | None) -> Entry | Rejected:
    if text[:1] != b"{":
        return Rejected(Fault.WRONG_TYPE, f"wanted an entry, a JSON object, found {_kind(text)}")
    members = {name: bytes(value) for name, value in _members.decode(text).items()}
    if folded is not None:
        members = {name: unfold(value, folded) for name, value in members.items()}
    if repeated := _repeated_member(text):
        return Rejected(Fault.REPEATED_MEMBER, "the same member twice in one entry", repeated[:256])
    for name in members:
        if name not in _MEMBERS:
            known = ", ".join(_MEMBERS)
            return Rejected(Fault.UNKNOWN_MEMBER, f"unknown member; known are {known}", name[:256])
    try:
        source, detail_type = _required_text(members, "source"), _required_text(members, "detail-type")
        if "detail" not in members:
            raise _FaultError(Fault.MISSING, "detail is required", "detail")
        key = _optional_text(members, "id")
        return Entry(bus, source, detail_type, members["detail"], _time(members), _resources(members), key)
    except _FaultError as error:
        return Rejected(*error.args)


def _repeated_member(text: bytes) -> str | None:
    names_and_texts = _fold(text, depth=1)[0].decode(errors="replace")  # what is not UTF-8 is refused later
    pairs = json.loads(names_and_texts, object_pairs_hook=list, parse_int=str, parse_float=str)
    seen: set[str] = set()
    for name, _value in pairs:
        if name in seen:
            return str(name)
        seen.add(name)
    return None


class _FaultError(Exception):
    """What an entry is rejected with: the arguments of Rejected."""


def _required_text(members: dict[str, bytes], name: str) -> str:
    if name not in members:
        raise _FaultError(Fault.MISSING, f"{name} is required", name)
    return _read_text(members[name], name)


def _optional_text(members: dict[str, bytes], name: str) -> str | None:
    return None if members.get(name, b"null") == b"null" else _read_text(members[name], name)


def _read_text(value: bytes, path: str) -> str:
    if value[:1] != b'"':
        raise _FaultError(Fault.WRONG_TYPE, f"wanted a string, found {_kind(value)}", path)
    try:
        return _text.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _FaultError(Fault.BAD_CHARACTER, "the text is not valid UTF-8", path) from None


def _time(members: dict[str, bytes]) -> int | None:
    text = _optional_text(members, "time")
    return None if text is None else _moment_of(text)


def _moment_of(text: str) -> int:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.MsgspecError:
        raise _FaultError(
            Fault.BAD_TIME, f"wanted RFC 3339 such as 2026-01-02T03:04:05Z, found {text[:64]!r}", "time"
        ) from None
    if moment.tzinfo is None:
        raise _FaultError(
            Fault.BAD_TIME, "wanted RFC 3339 with an offset or Z at its end, found none", "time"
        )
    return (moment - _EPOCH) // _MICROSECOND


def _resources(members: dict[str, bytes]) -> list[str]:
    value = members.get("resources", b"null")
    if value == b"null":
        return []
    if value[:1] != b"[":
        raise _FaultError(Fault.WRONG_TYPE, f"wanted an array of strings, found {_kind(value)}", "resources")
    try:
        items = _texts.decode(value)
    except RecursionError:
        raise _FaultError(Fault.WRONG_TYPE, "wanted an array of strings, found arrays", "resources") from None
    return [_read_text(bytes(item), f"resources[{number}]") for number, item in enumerate(items)]


_KINDS = {b"{": "an object", b"[": "an array", b'"': "a string", b"t": "true", b"f": "false", b"n": "null"}


def _kind(value: bytes) -> str:
    return _KINDS.get(value[:1], "a number")


def _fold(body: bytes, depth: int) -> tuple[bytes, list[bytes]]:
    try:
        return fold(body, depth)
    except jsontext.JsonTextError as error:
        raise BodyError(str(error)) from None


def as_answer(results: list[Any]) -> bytes:
    """Return the door's answer for what became of the entries, in order."""
    shown: list[dict[str, Any]] = []
    failed = 0
    for result in results:
        if isinstance(result, Rejected):
            failed += 1
            error = {"code": result.code, "message": result.message, "path": result.path}
            shown.append({"error": error})
        else:
            shown.append({"id": result.id, "duplicate": True} if result.duplicate else {"id": result.id})
    return msgspec.json.encode({"entries": shown, "failed": failed})
