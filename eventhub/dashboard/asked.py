"""What the address of a list asks for: a filter, an order, a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """The texts of the filter, the column that orders (``falling``: its highest first), and the page from 1.

    ``sorts`` are the columns that can order; of these ``rising_first`` begin with the lowest.
    """

    texts: Mapping[str, str]
    sort: str
    falling: bool
    page: int
    sorts: Sequence[str]
    rising_first: Sequence[str]

    @property
    def is_sorted(self) -> bool:
        """Tell whether another order than the usual one is asked for."""
        return self.sort != self.sorts[0] or self.falling != self._falls_first(self.sort)

    def query(self, **changed: object) -> str:
        """Return the address's query with some of it changed; what is usual is left out."""
        sort = {"sort": f"{'-' if self.falling else ''}{self.sort}"} if self.is_sorted else {}
        wanted = {**self.texts, **sort, **changed}
        return "?" + urlencode({name: value for name, value in wanted.items() if value not in ("", 1)})

    def heads(self) -> dict[str, dict[str, str]]:
        """Return where each column's head leads, and how it is sorted now, as ``aria-sort`` says it."""
        heads = {}
        for name in self.sorts:
            falling = not self.falling if name == self.sort else self._falls_first(name)
            now = "descending" if self.falling else "ascending"
            heads[name] = {
                "query": self.query(sort=f"{'-' if falling else ''}{name}"),
                "now": now if name == self.sort else "",
            }
        return heads

    def cut(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Return the rows of the page."""
        return rows[(self.page - 1) * PER_PAGE : self.page * PER_PAGE]

    def pages(self, count: int) -> dict[str, Any]:
        """Return what a template says of the page's place among ``count`` rows."""
        return {
            "first": (self.page - 1) * PER_PAGE + 1,
            "last": min(self.page * PER_PAGE, count),
            "before": self.query(page=self.page - 1) if self.page > 1 else "",
            "next": self.query(page=self.page + 1) if count > self.page * PER_PAGE else "",
        }

    def _falls_first(self, name: str) -> bool:
        return name not in self.rising_first


def read(given: QueryDict, *, texts: Sequence[str], sorts: Sequence[str], rising: Sequence[str]) -> Asked:
    """Return what is asked for; what cannot be is as if it were not there. The first of ``sorts`` is usual.

    >>> given = QueryDict("q=shop&sort=-rate&page=x")
    >>> asked = read(given, texts=["q"], sorts=["name", "rate"], rising=["name"])
    >>> asked.texts, asked.sort, asked.falling, asked.page
    ({'q': 'shop'}, 'rate', True, 1)
    """
    said = given.get("sort", "")
    name, falling = said.removeprefix("-"), said.startswith("-")
    if name not in sorts:
        name, falling = sorts[0], sorts[0] not in rising
    number = given.get("page", "")
    page = int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 7 else 1
    found = {one: text for one in texts if (text := given.get(one, "").strip())}
    return Asked(found, name, falling, max(page, 1), sorts, rising)
