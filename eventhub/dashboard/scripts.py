"""Our JavaScript as it is sent: without its comments and blanks, and compressed.

The files stay what one reads and tests; the page has a budget of bytes, and a third of them explained the
rest. Each file is made once a process and content.
"""

import gzip
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import rjsmin  # type: ignore[import-untyped]  # has no type hints
from django.contrib.staticfiles import finders

FOLDER = "js/"


@dataclass(frozen=True, slots=True)
class Script:
    """What is sent of one file: as it is, and for whoever takes gzip."""

    plain: bytes
    gzipped: bytes
    etag: str


def script(path: str) -> Script | None:
    """Return what is sent of ``path`` (``js/graph.js``), or None if it is no script of ours."""
    found = finders.find(path) if path.startswith(FOLDER) and path.endswith(".js") else None
    return _made(found, Path(found).stat().st_mtime_ns) if isinstance(found, str) else None


@lru_cache(maxsize=256)
def _made(file: str, _changed_ns: int) -> Script:
    text = rjsmin.jsmin(Path(file).read_text("utf-8")).encode()
    return Script(text, gzip.compress(text, 9, mtime=0), f'"{sha256(text).hexdigest()[:16]}"')
