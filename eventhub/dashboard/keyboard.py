"""The list of keys, ``/help/keys``: what ``static/js/keys.js`` and the pages' modules bind, in words."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@dataclass(frozen=True, slots=True)
class Key:
    """One thing to do, and the ways to do it; each way is one key or several in a row."""

    ways: tuple[tuple[str, ...], ...]
    does: str


@dataclass(frozen=True, slots=True)
class Group:
    """Keys that work in the same place."""

    name: str
    keys: tuple[Key, ...]


def _key(ways: str, does: str) -> Key:
    """Return a key; ``ways`` as ``keys.js`` has them: ``"j, ↓"``, ``"g l"``."""
    return Key(tuple(tuple(way.split(" ")) for way in ways.split(", ")), does)


GROUPS = (
    Group(
        "Everywhere",
        (
            _key("?", "this list"),
            _key("g f", "flow"),
            _key("g e", "events"),
            _key("g r", "rules"),
            _key("g t", "targets"),
            _key("g b", "buses"),
            _key("g s", "sources"),
            _key("g d", "dead letters"),
            _key("t", "theme: system, light, dark"),
            _key("Esc", "back: close what is open"),
        ),
    ),
    Group(
        "Stream",
        (
            _key("/", "filter"),
            _key("Space", "pause; go on"),
            _key(".", "jump to the newest"),
            _key("j, ↓", "next row"),
            _key("k, ↑", "row before"),
            _key("n", "next failure"),
            _key("Enter", "open the row; once more: its page"),
            _key("x", "pin the row"),
            _key("c", "copy the event's id"),
            _key("e", "make a rule from the event"),
        ),
    ),
    Group(
        "Event",
        (
            _key("j, ↓", "next delivery or attempt"),
            _key("k, ↑", "the one before"),
            _key("Enter", "open or close it"),
            _key("n", "next failure"),
            _key("c", "copy the link"),
            _key("e", "make a rule from the event"),
        ),
    ),
    Group(
        "Flow",
        (
            _key("s", "show or hide the stream"),
            _key("g l", "list instead of graph, and back"),
            _key("f", "only the path of what is chosen, and all again"),
            _key("/", "in the graph or the list: filter by name"),
            _key("↑, ↓", "in the graph: along the column"),
            _key("←, →", "in the graph: along the strongest ribbon"),
            _key("Home, End", "in the graph: first and last of the column"),
            _key("Enter", "in the graph: open the group, or the page"),
            _key("a, …, z", "in the graph: to what begins so (f and g after another letter)"),
            _key("[, ]", "back and forth in time"),
            _key("PgDn, PgUp", "ten bars back, on, with the bars in focus"),
            _key("Home, End", "their first bar, now"),
            _key("l", "live again"),
        ),
    ),
    Group(
        "Rules",
        (
            _key("/", "filter"),
            _key("j, ↓", "next rule"),
            _key("k, ↑", "rule before"),
            _key("Enter", "open the rule"),
        ),
    ),
)


@require_safe
@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """List the keys, with the switch that turns those of one character off."""
    return render(request, "keys.html", {"page": "help", "groups": GROUPS})
