"""Static files, served before Django: from ``static/`` and the installed packages, with no collect step.

Raw ASGI over WhiteNoise's index. Its middleware would hand each file through a thread and all of Django, and
its iterators are not asynchronous, which Django answers with a warning.
"""

import asyncio
from functools import lru_cache
from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware

from eventhub.dashboard.compact import Compact, compact

PREFIX = "/static/"
_CHUNK_BYTES = 65_536
_FOR_EVER = b"max-age=31536000, public, immutable"
_PASSED_ON = {b"if-none-match": "HTTP_IF_NONE_MATCH", b"if-modified-since": "HTTP_IF_MODIFIED_SINCE"}


async def static_file(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """Answer one request below ``/static/``. An address with a version (``?v=…``) may be kept for ever."""
    ours = await asyncio.to_thread(compact, scope["path"].removeprefix(PREFIX))
    if ours is not None:
        await _compact(scope, send, ours)
        return
    found = _index().files.get(scope["path"])
    if found is None:
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"12")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"No such file"})
        return
    asked = {_PASSED_ON[name]: value.decode() for name, value in scope["headers"] if name in _PASSED_ON}
    answer = await asyncio.to_thread(found.get_response, scope["method"], asked)
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
    if scope["query_string"].startswith(b"v="):
        headers = [header for header in headers if header[0] != b"cache-control"]
        headers.append((b"cache-control", _FOR_EVER))
    headers.append((b"x-content-type-options", b"nosniff"))
    await send({"type": "http.response.start", "status": int(answer.status), "headers": headers})
    if answer.file is not None:
        with answer.file as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _compact(scope: dict[str, Any], send: Any, ours: Compact) -> None:
    asked = dict(scope["headers"])
    zips = b"gzip" in asked.get(b"accept-encoding", b"")
    is_known = asked.get(b"if-none-match", b"").decode("latin-1").removeprefix("W/") == ours.etag
    body = b"" if is_known else ours.gzipped if zips else ours.plain
    kept = _FOR_EVER if scope["query_string"].startswith(b"v=") else b"no-cache"
    headers = [
        (b"content-type", ours.content_type),
        (b"cache-control", kept),
        (b"etag", ours.etag.encode()),
        (b"vary", b"Accept-Encoding"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if not is_known:
        headers.append((b"content-length", str(len(body)).encode()))
        headers += [(b"content-encoding", b"gzip")] if zips else []
    await send({"type": "http.response.start", "status": 304 if is_known else 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


@lru_cache(maxsize=1)
def _index() -> WhiteNoiseMiddleware:
    return WhiteNoiseMiddleware(lambda _request: None)
