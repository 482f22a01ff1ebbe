"""Addresses of our static files that change with their content, without a build step.

``/static/js/graph.js?v=1f0c…``: a browser may keep a file as long as it likes and never mixes two versions
of the page's modules. Modules import each other by relative paths, so the import map gives each plain address
its versioned one.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.templatetags.static import static


@lru_cache(maxsize=256)
def asset(path: str) -> str:
    """Return the versioned address of a static file; raises FileNotFoundError if there is none."""
    found = finders.find(path)
    if not isinstance(found, str):
        raise FileNotFoundError(f"no static file {path!r}")
    digest = hashlib.sha256(Path(found).read_bytes()).hexdigest()[:12]
    return f"{static(path)}?v={digest}"


@lru_cache(maxsize=32)
def import_map(modules: Sequence[str]) -> str:
    """Return the import map (JSON) from plain addresses of ``static/js`` modules to the versioned ones."""
    paths = [f"js/{name}.js" for name in modules]
    return json.dumps({"imports": {static(path): asset(path) for path in paths}})
