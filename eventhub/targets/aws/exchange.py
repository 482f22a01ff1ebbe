"""The HTTP exchange of an AWS call, by our rules in place of botocore's.

botocore asks before it sends (its ``before-send`` event) and takes the answer that it gets there. So the
address is resolved, checked and pinned like that of any other kind; no proxy of the environment and no
redirect has a say; and what comes back is bounded in size and time.
"""

import io
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from eventhub.targets.aws.arn import PARTITIONS
from eventhub.targets.kind import CallError, Guard
from eventhub.targets.pinned import resolve
from eventhub.targets.verdict import Fault

MAX_ANSWER_BYTES = 2**20  # the services asked here answer with a few hundred
MAX_POOLS = 256
KEPT_PER_POOL = 64  # idle connections to one address
CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the calls of one attempt must keep to."""

    guard: Guard
    partition: str
    endpoint_url: str  # the operator's; empty: AWS's own hosts
    connect_timeout_seconds: float
    ends_at: float  # by time.monotonic()


_bounds: ContextVar[Bounds] = ContextVar("bounds")


@contextmanager
def within(bounds: Bounds) -> Iterator[None]:
    """Hold the calls made inside to the bounds; they may be several."""
    token = _bounds.set(bounds)
    try:
        yield
    finally:
        _bounds.reset(token)


def exchange(request: Any, **_event: Any) -> Any:
    """Send a prepared request of botocore's and return the whole answer; raises CallError without one."""
    import urllib3
    from botocore.awsrequest import AWSResponse

    bounds = _bounds.get()
    url = urlsplit(request.url)
    host, port = _where(url, bounds)
    address = resolve(host, port, (lambda _address: None) if bounds.endpoint_url else bounds.guard)
    left = bounds.ends_at - time.monotonic()
    if left <= 0:
        raise CallError.of(Fault.TIMEOUT, f"timed out before {host} was asked")
    pool = _pool(url.scheme, host, port, address)
    try:
        answer = pool.urlopen(
            request.method,
            f"{url.path or '/'}{'?' if url.query else ''}{url.query}",
            body=request.body,
            headers={**dict(request.headers.items()), "Host": url.netloc},
            timeout=urllib3.Timeout(connect=min(bounds.connect_timeout_seconds, left), read=left),
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )
        body = _body(answer, host, bounds)
    except urllib3.exceptions.HTTPError as error:
        raise _failure(error, host) from error
    # botocore reads from a stream; this one has come whole.
    raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)
    return AWSResponse(request.url, answer.status, answer.headers, raw)


def _where(url: SplitResult, bounds: Bounds) -> tuple[str, int]:
    """Return host and port of a URL that the bounds allow."""
    host = url.hostname or ""
    if bounds.endpoint_url:
        allowed = (url.scheme, url.netloc) == urlsplit(bounds.endpoint_url)[:2]
    else:
        suffix = f".{PARTITIONS[bounds.partition][1]}"
        allowed = url.scheme == "https" and url.port is None and url.netloc == host and host.endswith(suffix)
    if not allowed:
        raise CallError.of(Fault.REFUSED, f"not sent: {url.scheme}://{url.netloc} is no endpoint of AWS")
    return host, url.port or (443 if url.scheme == "https" else 80)


@lru_cache(maxsize=MAX_POOLS)
def _pool(scheme: str, host: str, port: int, address: str) -> Any:
    """Return the kept connections to a checked address; TLS asks for the host's name."""
    import urllib3

    literal = f"[{address}]" if ":" in address else address
    if scheme == "http":
        return urllib3.HTTPConnectionPool(literal, port, maxsize=KEPT_PER_POOL)
    return urllib3.HTTPSConnectionPool(
        literal,
        port,
        maxsize=KEPT_PER_POOL,
        ssl_context=_tls(),
        server_hostname=host,
        assert_hostname=host,
    )


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _body(answer: Any, host: str, bounds: Bounds) -> bytes:
    chunks, size = [], 0
    while chunk := answer.read1(CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_ANSWER_BYTES or time.monotonic() > bounds.ends_at:
            answer.close()
            if size > MAX_ANSWER_BYTES:
                raise CallError.of(
                    Fault.BROKEN, f"the answer of {host} is larger than {MAX_ANSWER_BYTES} bytes"
                )
            raise CallError.of(Fault.TIMEOUT, f"{host} timed out in the middle of its answer")
    answer.release_conn()
    return b"".join(chunks)


def _failure(error: Exception, host: str) -> CallError:
    from urllib3 import exceptions

    match error:
        case exceptions.NewConnectionError():
            return CallError.of(Fault.CONNECT, f"{host} was not reached: {_cause(error)}")
        case exceptions.ConnectTimeoutError():
            return CallError.of(Fault.TIMEOUT, f"connecting to {host} timed out")
        case exceptions.TimeoutError():
            return CallError.of(Fault.TIMEOUT, f"timed out waiting for the answer of {host}")
        case exceptions.SSLError():
            return CallError.of(Fault.TLS, f"TLS with {host} failed: {_cause(error)}")
    return CallError.of(Fault.BROKEN, f"the connection to {host} broke: {_cause(error)}")


def _cause(error: BaseException) -> str:
    """Return what the operating system said, without urllib3's wrapping."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)
