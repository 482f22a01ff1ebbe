"""The contract of the pattern language: what each pattern must and must not match.

A file of `cases/` holds one operator or one idea. An entry has a `pattern` (or
its exact text, `pattern_text`) and either events that it must `match` and
`no_match`, or the `error` that EventBridge answers. Entries are kept as raw
text, because `300` and `3.0e2` must not become the same before they are tested.
"""

from pathlib import Path
from typing import NamedTuple

import msgspec

FOLDER = Path(__file__).parent / "cases"


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    about: str
    pattern: msgspec.Raw = msgspec.Raw()
    pattern_text: str = ""
    match: list[msgspec.Raw] = []
    no_match: list[msgspec.Raw] = []
    error: str | None = None

    @property
    def text(self) -> str:
        return self.pattern_text or bytes(self.pattern).decode()


class EventCase(NamedTuple):
    pattern: str
    event: bytes
    matches: bool


class ErrorCase(NamedTuple):
    pattern: str
    error: str


def entries() -> list[tuple[str, Entry]]:
    """Return every entry with the name of its file."""
    return [
        (path.stem, entry)
        for path in sorted(FOLDER.glob("*.json"))
        for entry in msgspec.json.decode(path.read_bytes(), type=list[Entry])
    ]


def event_cases() -> dict[str, EventCase]:
    """Return a case for every event, by a name that says what it is about."""
    return {
        f"{entry.about} | {bytes(event).decode()} | {matches}": EventCase(entry.text, bytes(event), matches)
        for _, entry in entries()
        for matches, events in ((True, entry.match), (False, entry.no_match))
        for event in events
    }


def error_cases() -> dict[str, ErrorCase]:
    """Return a case for every pattern that is refused."""
    return {
        f"{entry.about} | {entry.text}": ErrorCase(entry.text, entry.error)
        for _, entry in entries()
        if entry.error is not None
    }
