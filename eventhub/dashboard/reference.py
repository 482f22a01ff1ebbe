"""The reference: pages written as templates under ``templates/docs``, each titled by its ``title`` block.

The pages of the kinds of target are made from what their modules say of themselves.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.targets.kinds import KINDS

_FOLDER = Path(settings.BASE_DIR) / "templates" / "docs"
# Where the page of each kind of target is, and the template of all of them.
_KINDS = "targets/"
_KIND_PAGE = "docs/targets/_kind.html"
_TITLE = re.compile(r"{%\s*block title\s*%}(.*?){%\s*endblock")


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the reference: its address under ``/docs/`` and its title."""

    name: str
    title: str

    @property
    def section(self) -> str:
        """Return the folder that it lies in."""
        return self.name.rpartition("/")[0]


@lru_cache(maxsize=1)
def entries() -> list[Entry]:
    """Return every page, by section and title."""
    found = []
    for path in _FOLDER.rglob("*.html"):
        name = path.relative_to(_FOLDER).with_suffix("").as_posix()
        if name in {"base", "index"} or path.name.startswith("_"):
            continue
        title = _TITLE.search(path.read_text(encoding="utf-8"))
        found.append(Entry(name, title.group(1).strip() if title else name))
    found += [Entry(f"{_KINDS}{kind.name}", kind.title) for kind in KINDS.values()]
    # The page that introduces a section (`index`) comes first in it.
    return sorted(found, key=lambda entry: (entry.section, not entry.name.endswith("index"), entry.title))


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the pages."""
    return render(request, "docs/index.html", {"page": "docs", "entries": entries()})


@require_safe
@login_required
def document(request: HttpRequest, name: str) -> HttpResponse:
    """Show one page: only those that exist are served, whatever the address says."""
    name = name.rstrip("/")
    known = {entry.name for entry in entries()}
    if name not in known and f"{name}/index" in known:
        name = f"{name}/index"
    if name not in known:
        raise Http404(f"there is no page {name!r} in the reference")
    kind = KINDS.get(name.removeprefix(_KINDS))
    context = {"page": "docs", "entries": entries(), "name": name, "kinds": KINDS.values(), "kind": kind}
    return render(request, _KIND_PAGE if kind else f"docs/{name}.html", context)
