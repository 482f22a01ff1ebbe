"""JSON in and out, without losing a digit or hiding a double key."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, Any

import msgspec
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from eventhub.domain import jsontext


class JSONBody(BaseParser):
    """Reads a request's body: one JSON object, strictly."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the object; raises ParseError saying at which byte it is not one."""
        body = stream.read()
        try:
            return self.read(body, jsontext.check_detail(body))
        except jsontext.JsonTextError as error:
            raise ParseError(f"The body is not the JSON that was wanted: {error}") from error

    def read(self, _body: bytes, decoded: dict[str, Any]) -> dict[str, Any]:
        """Return what the view is given."""
        return decoded


class _Verbatim(msgspec.Struct):
    pattern: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class RuleBody(JSONBody):
    """Reads a rule: a pattern given as an object stays the text that was sent, so 1.50 stays 1.50."""

    def read(self, body: bytes, decoded: dict[str, Any]) -> dict[str, Any]:
        """Return the members, an object under ``pattern`` as text."""
        if isinstance(decoded.get("pattern"), dict):
            pattern = msgspec.json.decode(body, type=_Verbatim).pattern
            assert isinstance(pattern, msgspec.Raw)  # it is there, see above
            decoded["pattern"] = bytes(pattern).decode()
        return decoded


class JSONAnswer(BaseRenderer):
    """Writes an answer; parts that are JSON text already (``verbatim``) go out unchanged."""

    media_type = "application/json"
    format = "json"
    charset = None  # RFC 8259: always UTF-8, and no parameter

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the JSON text; nothing for an answer without a body."""
        return b"" if data is None else msgspec.json.encode(data)


def verbatim(text: str | bytes) -> msgspec.Raw:
    """Mark text as JSON that goes out as it is."""
    return msgspec.Raw(text.encode() if isinstance(text, str) else text)


def moment(at: datetime | None) -> str | None:
    """Return a moment as RFC 3339 with milliseconds, UTC.

    >>> moment(datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    '2026-01-02T03:04:05.678Z'
    """
    return None if at is None else at.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
