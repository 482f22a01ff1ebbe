"""JSON in and out, without losing a digit or hiding a double key."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import msgspec
from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from eventhub.domain import jsontext
from eventhub.domain.jsontokens import Kind, tokens

# The largest that anybody has to send is an entry to be explained; beside it a rule or a target is small.
MAX_BODY_BYTES = settings.MAX_ENTRY_BYTES + 2**20


class TooLarge(APIException):
    """The body is larger than is read."""

    status_code = 413


class JSONBody(BaseParser):
    """Reads a request's body: one JSON object, strictly."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the object; raises ParseError saying at which byte it is not one."""
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"wanted a body of at most {MAX_BODY_BYTES} bytes")
        try:
            return self.read(body, jsontext.check_detail(body))
        except jsontext.JsonTextError as error:
            raise ParseError(f"The body is not the JSON that was wanted: {error}") from error

    def read(self, _body: bytes, decoded: dict[str, Any]) -> dict[str, Any]:
        """Return what the view is given."""
        return decoded


class RuleBody(JSONBody):
    """Reads a rule: a pattern given as an object stays the text that was sent, so 1.50 stays 1.50."""

    def read(self, body: bytes, decoded: dict[str, Any]) -> dict[str, Any]:
        """Return the members, an object under ``pattern`` as text."""
        if isinstance(decoded.get("pattern"), dict):
            decoded["pattern"] = member_text(body, "pattern")
        return decoded


def member_text(body: bytes, name: str) -> str:
    """Return the text of a member that the object in ``body`` has.

    >>> member_text(b'{"a": 1, "b": {"c": 1.50}}', "b")
    '{"c": 1.50}'
    """
    try:
        return bytes(msgspec.json.decode(body, type=dict[str, msgspec.Raw])[name]).decode()
    except RecursionError:  # the decoder has no room beside the stack of a request
        return _member_text_slowly(body.decode(), name)


def _member_text_slowly(text: str, name: str) -> str:
    depth, start = 0, -1
    for token in tokens(text):
        if depth == 1 and start < 0 and token.kind is Kind.NAME and token.value == name:
            start = token.end
        elif start >= 0 and depth == 2 and token.kind in (Kind.END_OBJECT, Kind.END_ARRAY):
            return text[start : token.end].lstrip(" :\t\r\n")
        depth += (token.kind in (Kind.BEGIN_OBJECT, Kind.BEGIN_ARRAY)) - (
            token.kind in (Kind.END_OBJECT, Kind.END_ARRAY)
        )
    raise KeyError(name)  # an object or a list was asked for


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


def moment_of(at: int | None) -> str | None:
    """Return a moment that is given in microseconds the same way.

    >>> moment_of(1_000_000)
    '1970-01-01T00:00:01.000Z'
    """
    # Not fromtimestamp: a float loses the last digit.
    return None if at is None else moment(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at))
