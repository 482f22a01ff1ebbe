"""One libcurl easy handle that is used again and again: load a request, read the reply.

What no configuration can change is set once, when the handle is made: no proxy from the environment, http and
https only, redirects never followed, no netrc, no cookies, certificates verified, every address checked after
DNS, right before its socket is opened.
"""

import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence

import pycurl

from eventhub.targets.http import Reply, Request
from eventhub.targets.verdict import Fault

# Says why an address may not be reached, or None.
Guard = Callable[[str], str | None]

MAX_BODY_BYTES = 64 * 1024
MAX_HEADER_BYTES = 8 * 1024
# Methods that are sent without a body.
BODILESS = {"GET", "HEAD", "OPTIONS"}

WEIRD_SERVER_REPLY = 8  # CURLE_WEIRD_SERVER_REPLY, which pycurl does not name
# How long it took, and how far it came, are told by the attempt's moments and phases. Without them one fault
# has one text, by which dead letters are grouped.
_MEASURED = re.compile(r" after \d+ (?:ms|milliseconds)(?: with \d+(?: out of \d+)? bytes received)?")
# What libcurl says of answers that are no HTTP, under several codes.
_NOT_HTTP = re.compile(
    r"HTTP/0\.9|in (?:HTTP )?response|chunk hex-length|[Tt]oo (?:large|many) response headers|Content-Length"
    r"|Transfer-Encoding|Malformed encoding|libcurl error 100"
)
_FAULTS = {
    pycurl.E_COULDNT_RESOLVE_HOST: Fault.DNS,
    pycurl.E_COULDNT_CONNECT: Fault.CONNECT,
    pycurl.E_OPERATION_TIMEDOUT: Fault.TIMEOUT,
    pycurl.E_URL_MALFORMAT: Fault.INVALID,
    pycurl.E_UNSUPPORTED_PROTOCOL: Fault.INVALID,
    WEIRD_SERVER_REPLY: Fault.NOT_HTTP,
    pycurl.E_SSL_CONNECT_ERROR: Fault.TLS,
    pycurl.E_PEER_FAILED_VERIFICATION: Fault.TLS,
    pycurl.E_SSL_CERTPROBLEM: Fault.TLS,
    pycurl.E_SSL_CIPHER: Fault.TLS,
    pycurl.E_SSL_CACERT_BADFILE: Fault.TLS,
    pycurl.E_SSL_ISSUER_ERROR: Fault.TLS,
}


class _Lent(socket.socket):
    """A socket for libcurl: pycurl copies its descriptor and drops the object."""

    def __del__(self) -> None:
        # Without it the end of each would be a ResourceWarning.
        self.close()


class Handle:
    """An easy handle with its buffers."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._head: list[bytes] = []
        self._body: list[bytes] = []
        self._size = 0
        self._refused = ""
        self._opened = 0
        self._started_at = 0
        self._method = ""
        self.curl = curl = pycurl.Curl()
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.FOLLOWLOCATION, 0)
        curl.setopt(pycurl.NETRC, 0)
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.SSL_VERIFYPEER, 1)
        curl.setopt(pycurl.SSL_VERIFYHOST, 2)
        for option, path in _authorities():
            curl.setopt(option, path)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        # The header function gets one line a call; a list's own append is the quickest there is.
        curl.setopt(pycurl.HEADERFUNCTION, self._head.append)
        curl.setopt(pycurl.WRITEFUNCTION, self._write)

    def load(self, request: Request) -> Reply | None:
        """Make ready for a request; return a reply at once if libcurl refuses to send such a thing."""
        self._head.clear()
        self._body.clear()
        self._size = 0
        self._refused = ""
        self._opened = 0
        self._started_at = time.time_ns() // 1000
        curl = self.curl
        milliseconds = max(1, int(request.timeout_seconds * 1000))
        try:
            curl.setopt(pycurl.URL, request.url)
            curl.setopt(pycurl.HTTPHEADER, request.headers)
            curl.setopt(pycurl.TIMEOUT_MS, milliseconds)
            connecting = max(1, int(request.connect_timeout_seconds * 1000))
            curl.setopt(pycurl.CONNECTTIMEOUT_MS, min(milliseconds, connecting))
            self._set_method(request)
        except (pycurl.error, TypeError, ValueError) as error:
            return Reply(
                self._started_at, self._started_at, fault=Fault.INVALID, error=f"cannot be sent: {error}"
            )
        return None

    def _set_method(self, request: Request) -> None:
        curl = self.curl
        if request.method in BODILESS:
            curl.setopt(pycurl.HTTPGET, 1)
            if request.method == "HEAD":  # else libcurl would wait for the body that its header announces
                curl.setopt(pycurl.NOBODY, 1)
        else:
            if self._method in BODILESS:
                curl.setopt(pycurl.POST, 1)
            curl.setopt(pycurl.POSTFIELDS, request.body)
        if request.method != self._method:
            curl.setopt(pycurl.CUSTOMREQUEST, request.method)
            self._method = request.method

    def reply(self, ended_at: int, code: int, text: str) -> Reply:
        """Return what came back; ``code`` and ``text`` are libcurl's result."""
        cut = self._size > MAX_BODY_BYTES
        fault, error = None, ""
        if code and not (code == pycurl.E_WRITE_ERROR and cut):
            fault, error = self._fault(code, text)
        status, reason, headers = _read_head(self._head)
        if self._method not in BODILESS:
            self.curl.setopt(pycurl.POSTFIELDS, b"")  # an idle handle must not hold on to a large body
        return Reply(
            self._started_at,
            ended_at,
            status=status,
            reason=reason,
            headers=headers,
            body=b"".join(self._body)[:MAX_BODY_BYTES],
            cut=cut,
            fault=fault,
            error=error,
            phases=self._phases(),
        )

    def _fault(self, code: int, text: str) -> tuple[Fault, str]:
        if self._refused and not self._opened:
            return Fault.REFUSED, f"not reached: {self._refused}; EVENTHUB_ALLOWED_NETWORKS does not allow it"
        text = text or f"libcurl error {code}"
        if _NOT_HTTP.search(text):
            what = "the answer is not HTTP"
            return Fault.NOT_HTTP, what if "HTTP/0.9" in text else f"{what}: {text}"
        return _FAULTS.get(code, Fault.BROKEN), _MEASURED.sub("", text)

    def _write(self, data: bytes) -> int | None:
        self._size += len(data)
        self._body.append(data)
        # Anything but None and the length ends the exchange: nobody sends us more than we keep.
        return -1 if self._size > MAX_BODY_BYTES else None

    def _open_socket(self, _purpose: int, address: tuple[int, int, int, tuple[str | bytes, int]]) -> object:
        family, kind, protocol, where = address
        host = where[0]
        refused = self._guard(host if isinstance(host, str) else host.decode("ascii", "replace"))
        if refused is not None:
            self._refused = refused
            return pycurl.SOCKET_BAD
        self._opened += 1
        return _Lent(family, kind, protocol)

    def _phases(self) -> dict[str, float]:
        read = self.curl.getinfo
        total = read(pycurl.TOTAL_TIME_T)
        sent, first = read(pycurl.POSTTRANSFER_TIME_T), read(pycurl.STARTTRANSFER_TIME_T)
        begun = read(pycurl.PRETRANSFER_TIME_T)
        marks = [("send", begun, sent), ("first_byte", sent, first), ("body", first, total if first else 0)]
        if self._opened or not begun:
            named, connected = read(pycurl.NAMELOOKUP_TIME_T), read(pycurl.CONNECT_TIME_T)
            secured = read(pycurl.APPCONNECT_TIME_T)
            marks = [("dns", 0, named), ("connect", named, connected), ("tls", connected, secured), *marks]
        return {name: (end - start) / 1000 for name, start, end in marks if end > start}


def _read_head(lines: Sequence[bytes]) -> tuple[int | None, str, list[tuple[str, str]]]:
    """Return status, reason and headers of the last head among the lines, bounded to what we keep."""
    status, reason, size = None, "", 0
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith(b"HTTP/"):
            _version, _, rest = line.partition(b" ")
            code, _, phrase = rest.strip().partition(b" ")
            status, reason = int(code) if code.isdigit() else None, _printable(phrase)[:100]
            headers, size = [], 0
            continue
        size += len(line)
        name, colon, value = line.partition(b":")
        if colon and size <= MAX_HEADER_BYTES:
            headers.append((_printable(name), _printable(value.strip())))
    return status, reason, headers


def _printable(text: bytes) -> str:
    """Return header text for people and databases: no control characters."""
    decoded = text.decode("latin-1")
    return decoded if decoded.isprintable() else "".join(one for one in decoded if one.isprintable())


def _authorities() -> list[tuple[int, str]]:
    """Return where trusted certificates are: libcurl's wheel does not know this machine."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile and os.path.exists(paths.cafile):  # noqa: PTH110 - paths of the ssl module are strings
        return [(pycurl.CAINFO, paths.cafile)]
    if paths.capath and os.path.isdir(paths.capath):  # noqa: PTH112 - as above
        return [(pycurl.CAPATH, paths.capath)]
    return []
