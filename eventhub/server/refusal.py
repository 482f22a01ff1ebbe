"""The server's own answers: small problem documents, written whole, after which the connection ends."""

import json
from http import HTTPStatus

from eventhub.api.errors import CONTENT_TYPE, problem


def refusal(status: int, kind: str, detail: str) -> bytes:
    """Return a complete HTTP/1.1 response that says why a request is refused.

    >>> refusal(413, "body-too-large", "Too long.").split(b"\\r\\n")[0]
    b'HTTP/1.1 413 Request Entity Too Large'
    """
    body = json.dumps(problem(status, kind, detail)).encode()
    head = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {CONTENT_TYPE}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(["Retry-After: 1"] if status == 503 else []),
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
