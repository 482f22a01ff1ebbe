"""JSON paths into an event: the part of JSONPath that EventBridge understands.

    $                     the whole event
    $.detail.order-id     members, step by step
    $.resources[0]        an element, counted from 0
    $.detail.items[*].id  every element, or with ``.*`` every member: the result is then a list

A name may hold anything but blanks and the characters of the syntax itself; EventBridge documents letters,
digits, dashes, underscores and slashes, and evaluates others as well. What it does not understand (quoted
names, slices, filters, ``..``) it takes at saving and never finds anything with: here saving refuses it.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

MAX_CHARACTERS = 256


class JsonPathError(ValueError):
    """The text is no path: what was wanted and found, and at which character (from 0)."""

    def __init__(self, wanted: str, found: str, position: int) -> None:
        super().__init__(f"wanted {wanted}, found {found} (character {position})")
        self.wanted = wanted
        self.found = found
        self.position = position


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()  # what a path finds where there is nothing; null is something

_STEP = re.compile(
    r"""\.(?P<any_member>\*)
      | \.(?P<name>[^\s.\[\]*'"()?,<>\x00-\x1f\x7f]+)
      | \[(?P<index>[0-9]{1,9})\]
      | \[(?P<any_element>\*)\]""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path: names, element numbers, and ``None`` for every one there is."""

    text: str
    steps: tuple[str | int | None, ...]

    def find(self, value: Any) -> Any:
        """Return what the path leads to in a decoded value, or MISSING.

        With a wildcard it is the list of all that it leads to, empty if there is nothing.

        >>> parse_path("$.detail.items[*].id").find({"detail": {"items": [{"id": 7}, {}, {"id": 8}]}})
        [7, 8]
        >>> parse_path("$.detail.id").find({"detail": {}})
        MISSING
        """
        if None not in self.steps:
            for step in self.steps:
                value = _child(value, step)
            return value
        found = [value]
        for step in self.steps:
            if step is None:
                found = [child for one in found for child in _children(one)]
            else:
                found = [child for one in found if (child := _child(one, step)) is not MISSING]
        return found

    def __str__(self) -> str:
        return self.text


def parse_path(text: str) -> JsonPath:
    """Read a path; raises JsonPathError.

    >>> parse_path("$.detail.items[0]").steps
    ('detail', 'items', 0)
    """
    if not text.startswith("$"):
        raise JsonPathError("a path that begins with $", _shown(text, 0), 0)
    if len(text) > MAX_CHARACTERS:
        raise JsonPathError(f"at most {MAX_CHARACTERS} characters", str(len(text)), MAX_CHARACTERS)
    steps: list[str | int | None] = []
    at = 1
    # "$." is what some tools write for the whole event.
    while at < len(text) and text != "$.":
        step = _STEP.match(text, at)
        if step is None:
            raise JsonPathError(".name, [number], [*] or .*", _shown(text, at), at)
        if step["name"] is not None:
            steps.append(step["name"])
        elif step["index"] is not None:
            steps.append(int(step["index"]))
        else:
            steps.append(None)
        at = step.end()
    return JsonPath(text, tuple(steps))


def _child(value: Any, step: str | int | None) -> Any:
    if type(step) is str:
        return value.get(step, MISSING) if type(value) is dict else MISSING
    if type(step) is int and type(value) is list and step < len(value):
        return value[step]
    return MISSING


def _children(value: Any) -> list[Any]:
    if type(value) is dict:
        return list(value.values())
    return value if type(value) is list else []


def _shown(text: str, at: int) -> str:
    rest = text[at : at + 32]
    return f'"{rest}"' if rest else "the end"
