"""Our scripts and style sheets as they are sent: without their comments and blanks, and compressed.

The files stay what one reads and tests; the page has a budget of bytes, and a third of them explained the
rest. Each file is made once a process and content.
"""

import gzip
import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import rjsmin  # type: ignore[import-untyped]  # has no type hints
from django.contrib.staticfiles import finders


def _sheet(text: str) -> str:
    """Return a style sheet without comments, indents and empty lines.

    No more than that: rcssmin also took the blank of ``.wide :is(.row)`` within two at-rules, and gzip leaves
    little to gain.

    >>> _sheet("a {\\n  /* why */\\n  color: red;\\n}\\n")
    'a {\\ncolor: red;\\n}\\n'
    """
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))


# By folder: what the names of its files end in, how they are made small, and what they are.
KINDS = {
    "js/": (".js", rjsmin.jsmin, b"text/javascript; charset=utf-8"),
    "css/": (".css", _sheet, b"text/css; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class Compact:
    """What is sent of one file: as it is, and for whoever takes gzip."""

    plain: bytes
    gzipped: bytes
    etag: str
    content_type: bytes


def compact(path: str) -> Compact | None:
    """Return what is sent of ``path`` (``js/graph.js``, ``css/flow.css``), or None if it is not ours."""
    folder, _, name = path.partition("/")
    kind = f"{folder}/"
    found = finders.find(path) if kind in KINDS and name.endswith(KINDS[kind][0]) else None
    return _made(kind, found, Path(found).stat().st_mtime_ns) if isinstance(found, str) else None


@lru_cache(maxsize=256)
def _made(kind: str, file: str, _changed_ns: int) -> Compact:
    _, smaller, content_type = KINDS[kind]
    text = smaller(Path(file).read_text("utf-8")).encode()
    return Compact(text, gzip.compress(text, 9, mtime=0), f'"{sha256(text).hexdigest()[:16]}"', content_type)
