"""AWS Signature Version 4 or 4A, in the Authorization header or the query (presigned): read, verify. Pure.

Two steps, because the key is looked up between them, and before the body is read::

    signed = read(headers, query)              # who claims to sign; raises SignatureError if it is malformed
    verify(signed, request, secret, now=now)   # raises SignatureError unless secret and request made it

Texts and codes are AWS's own. Any region is taken as the caller says it, since emulated endpoints are used
from every region; the service must be ``events``. The Host header is signed, so a proxy must pass it on.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from eventhub.access import sigv4a

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "events"
MAX_SKEW = timedelta(minutes=5)
MAX_EXPIRES_SECONDS = 7 * 86_400  # of a presigned request
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

# Headers that change what a request means. If sent, they must be covered by the signature; any other x-amz-*
# may have been added on the way (CloudFront does).
MUST_BE_SIGNED = (
    "host",
    "x-amz-date",
    "x-amz-target",
    "x-amz-content-sha256",
    "x-amz-security-token",
    "x-amz-region-set",
)

_FIELDS = ((0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15))  # of X-Amz-Date

MISSING_TOKEN = ("MissingAuthenticationTokenException", "Missing Authentication Token")
UNKNOWN_KEY = ("UnrecognizedClientException", "The security token included in the request is invalid.")
MISMATCH = (
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details.",
)


class SignatureError(Exception):
    """The request is not signed as it must be: AWS's code and sentence; the HTTP status is 403."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Signed:
    """What an Authorization header or a presigned query claims."""

    key_id: str
    date: str  # YYYYMMDD
    region: str  # empty if the signature holds for several: Version 4A, which names them in a header
    headers: tuple[str, ...]  # names, as listed
    signature: str  # hexadecimal
    at: str  # X-Amz-Date: YYYYMMDDTHHMMSSZ
    expires_seconds: int | None = None  # of a presigned request: how long from that moment it may be sent

    @property
    def scope(self) -> str:
        """Return the credential scope."""
        region = f"/{self.region}" if self.region else ""
        return f"{self.date}{region}/{SERVICE}/aws4_request"


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that a signature covers. ``path`` and ``query`` are as they were sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # lower-case names; several values of one name joined with a comma
    body: bytes


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return ASGI's headers as ``Request`` wants them.

    >>> joined([(b"a", b"1"), (b"A", b" 2  3 ")])
    {'a': '1,2 3'}
    """
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), " ".join(raw_value.decode("latin-1").split())
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def read(headers: Mapping[str, str], query: str = "") -> Signed:
    """Return what the Authorization header claims, or the query if there is none (a presigned request).

    Raises SignatureError if neither claims anything sensible.
    """
    authorization = headers.get("authorization", "")
    if authorization:
        return _read_header(authorization, headers.get("x-amz-date") or _basic_of(headers.get("date", "")))
    if "X-Amz-" in query:
        return _read_query(dict(parse_qsl(query, keep_blank_values=True)))
    raise SignatureError(*MISSING_TOKEN)


def _basic_of(date: str) -> str:
    """Return the moment of a Date header as signing writes it; what is no HTTP date stays as it is."""
    try:
        return _basic(parsedate_to_datetime(date).astimezone(UTC))
    except (ValueError, OverflowError):  # a year or a zone beyond all calendars
        return date


def _read_header(authorization: str, at: str) -> Signed:
    algorithm, _, rest = authorization.partition(" ")
    _check_algorithm(algorithm)
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    missing = [
        f"Authorization header requires '{name}' parameter."
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    ]
    if not at:
        missing.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    if missing:
        raise SignatureError("IncompleteSignatureException", " ".join(missing))
    key_id, date, region = _credential(parts["Credential"], algorithm)
    return Signed(key_id, date, region, tuple(parts["SignedHeaders"].split(";")), parts["Signature"], at)


_PRESIGNED = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")


def _read_query(members: Mapping[str, str]) -> Signed:
    algorithm, credential, at, expires, names, signature = (
        members.get(f"X-Amz-{name}", "") for name in _PRESIGNED
    )
    for name in _PRESIGNED:
        if not members.get(f"X-Amz-{name}"):
            raise SignatureError(
                "IncompleteSignatureException",
                f"AWS query-string parameters must include 'X-Amz-{name}'. "
                "Re-examine the query-string parameters.",
            )
    _check_algorithm(algorithm)
    if not re.fullmatch("[0-9]{1,6}", expires) or not 1 <= int(expires) <= MAX_EXPIRES_SECONDS:
        raise SignatureError(
            "IncompleteSignatureException",
            f"X-Amz-Expires must be a number of seconds from 1 to {MAX_EXPIRES_SECONDS}. "
            f"Got '{expires[:64]}'.",
        )
    key_id, date, region = _credential(credential, algorithm)
    return Signed(key_id, date, region, tuple(names.split(";")), signature, at, int(expires))


def _check_algorithm(algorithm: str) -> None:
    if algorithm not in {ALGORITHM, sigv4a.ALGORITHM}:
        raise SignatureError(
            "IncompleteSignatureException", f"Unsupported AWS 'algorithm': '{algorithm[:64]}'."
        )


def _credential(text: str, algorithm: str) -> tuple[str, str, str]:
    """Return key id, date and region; the last is empty in Version 4A."""
    wanted = ["keyid", "date", "region", "service", "term"]
    if algorithm == sigv4a.ALGORITHM:
        wanted.remove("region")
    credential = text.split("/")
    if len(credential) != len(wanted):
        raise SignatureError(
            "IncompleteSignatureException",
            f"Credential must have exactly {len(wanted)} slash-delimited elements, e.g. {'/'.join(wanted)}, "
            f"got '{text[:256]}'",
        )
    key_id, date, *regions, service, term = credential
    region = "".join(regions)
    if not region and algorithm == ALGORITHM:
        raise SignatureError("InvalidSignatureException", "Credential should be scoped to a valid region. ")
    if service != SERVICE:
        raise SignatureError(
            "InvalidSignatureException", f"Credential should be scoped to correct service: '{SERVICE}'. "
        )
    if term != "aws4_request":
        raise SignatureError(
            "InvalidSignatureException",
            "Credential should be scoped with a valid terminator: 'aws4_request'.",
        )
    return key_id, date, region


def verify(signed: Signed, request: Request, secret: str, *, now: datetime) -> None:
    """Raise SignatureError unless ``secret`` signed this request, less than five minutes from ``now``.

    A presigned request may be sent until it expires.
    """
    _check_moment(signed, now)
    # What dates a request by its Date header must be signed too.
    dated = () if "x-amz-date" in request.headers or signed.expires_seconds is not None else ("date",)
    must = (*MUST_BE_SIGNED, *dated)
    unsigned = [name for name in must if name in request.headers and name not in signed.headers]
    if unsigned or "host" not in signed.headers:
        raise SignatureError(
            "InvalidSignatureException",
            f"'{(unsigned or ['host'])[0]}' must be a 'SignedHeader' in the AWS Authorization.",
        )
    algorithm = ALGORITHM if signed.region else sigv4a.ALGORITHM
    text = f"{algorithm}\n{signed.at}\n{signed.scope}\n{_digest(_canonical(signed, request).encode())}"
    if not signed.region:
        if not sigv4a.is_signed(text, signed.signature, key_id=signed.key_id, secret=secret):
            raise SignatureError(*MISMATCH)
        return
    key = _signing_key(secret, signed.date, signed.region)
    wanted = hmac.new(key, text.encode(), "sha256").hexdigest()  # not hmac.digest: see seal.digest
    # Compared as bytes: compare_digest refuses text that is not ASCII.
    if not hmac.compare_digest(wanted.encode(), signed.signature.encode()):
        raise SignatureError(*MISMATCH)


def _check_moment(signed: Signed, now: datetime) -> None:
    try:
        if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", signed.at):
            raise ValueError
        # Not strptime, which takes a lock and five times as long.
        year, month, day, hour, minute, second = (int(signed.at[a:b]) for a, b in _FIELDS)
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise SignatureError(
            "IncompleteSignatureException",
            f"Date must be in ISO-8601 'basic format'. Got '{signed.at[:64]}'. "
            "See http://en.wikipedia.org/wiki/ISO_8601",
        ) from None
    if signed.date != signed.at[:8]:
        raise SignatureError(
            "InvalidSignatureException",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signed.date[:64]}' != '{signed.at[:8]}', from '{signed.at}'.",
        )
    expires = signed.expires_seconds
    oldest = now - (MAX_SKEW if expires is None else timedelta(seconds=expires))
    if at < oldest:
        since = "5 min." if expires is None else f"{expires} s."
        raise SignatureError(
            "InvalidSignatureException",
            f"Signature expired: {signed.at} is now earlier than {_basic(oldest)} ({_basic(now)} - {since})",
        )
    if at > now + MAX_SKEW:
        raise SignatureError(
            "InvalidSignatureException",
            f"Signature not yet current: {signed.at} is still later than {_basic(now + MAX_SKEW)} "
            f"({_basic(now)} + 5 min.)",
        )


def _canonical(signed: Signed, request: Request) -> str:
    stated = request.headers.get("x-amz-content-sha256")
    payload = UNSIGNED_PAYLOAD if stated == UNSIGNED_PAYLOAD else _digest(request.body)
    if stated is not None and stated != payload:
        raise SignatureError(*MISMATCH)
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/~"),
            _canonical_query(signed, request.query) if request.query else "",
            *(f"{name}:{request.headers.get(name, '')}" for name in signed.headers),
            "",
            ";".join(signed.headers),
            payload,
        )
    )


def _canonical_query(signed: Signed, query: str) -> str:
    """Return the members in the order of their names, each with its sign, without the signature itself."""
    members = [member.partition("=")[::2] for member in query.split("&") if member]
    if signed.expires_seconds is not None:
        members = [member for member in members if member[0] != "X-Amz-Signature"]
    return "&".join(f"{name}={value}" for name, value in sorted(members))


@lru_cache(maxsize=256)  # a key signs all of a day's requests to a region with the same derived key
def _signing_key(secret: str, date: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, SERVICE, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _basic(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")
