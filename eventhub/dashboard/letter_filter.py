"""The filter of the dead letters' page: read from its address, and written back into links and forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import QueryDict

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.access.sensitive import searched_masks
from eventhub.flow.letters import FILTERS, GROUPINGS, FilterError, read_filter
from eventhub.journal.port import Selection

SHOWN = {"waiting": False, "redriven": True, "all": None}
_MOMENTS = ("since", "until")
_NOTHING = Selection(ids=(-1,))  # no letter has this number


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """What the reader asked for; ``texts`` as it stands in the address, ``wrong`` what cannot be."""

    texts: dict[str, str]
    selection: Selection
    show: str = "waiting"
    by: tuple[str, ...] = tuple(GROUPINGS)
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def redriven(self) -> bool | None:
        """Return whether redriven letters are asked for: they alone, none of them, or either (None)."""
        return SHOWN[self.show]

    @property
    def query(self) -> str:
        """Return the filter alone as a query."""
        return urlencode(self.texts)

    @property
    def view(self) -> dict[str, str]:
        """Return the filter with how it is shown, where that is not the usual way."""
        chosen = {"show": self.show} if self.show != "waiting" else {}
        if self.by != tuple(GROUPINGS):
            chosen["by"] = ",".join(self.by)
        return {**self.texts, **chosen}

    def grouped_by(self, by: tuple[str, ...]) -> str:
        """Return the query of the same page with another grouping."""
        kept = {name: value for name, value in self.view.items() if name != "by"}
        return urlencode(kept if by == tuple(GROUPINGS) else {**kept, "by": ",".join(by)})


def read(query: QueryDict, caller: Caller, scope: Scope) -> LetterFilter:
    """Return the filter of an address; one that cannot be selects nothing and says what is wrong.

    It selects on the buses where the reader has the scope, and not by errors that are masked for them.
    """
    texts = {name: text for name in FILTERS if (text := str(query.get(name, "")).strip())}
    show = query.get("show", "waiting")
    by = tuple(name for name in query.get("by", ",".join(GROUPINGS)).split(",") if name in GROUPINGS)
    try:
        given = {name: _with_zone(name, text) for name, text in texts.items()}
        bus_ids = caller.buses(scope)
        is_masked = bool(searched_masks(caller, bus_ids, texts.get("bus", "")))
        selection = read_filter(given, bus_ids=bus_ids, is_masked=is_masked)
        wrong: Mapping[str, str] = {}
    except FilterError as error:
        selection, wrong = _NOTHING, error.wrong
    return LetterFilter(texts, selection, show if show in SHOWN else "waiting", by or tuple(GROUPINGS), wrong)


def _with_zone(name: str, text: str) -> str:
    """Return a moment of a browser's own field, which has no zone, as UTC: the page says so beside it."""
    local = name in _MOMENTS and len(text) in {16, 19} and not text.endswith("Z")
    return f"{text}Z" if local else text
