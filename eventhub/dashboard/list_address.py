"""What the address of a list asks for: filter, order and page; and addresses with some of it changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: where it leads, and how the list is sorted by it, as ``aria-sort`` says it."""

    query: str
    now: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; ``usual`` is the order that it need not name. The first page is 1."""

    texts: Mapping[str, str]
    sorts: Collection[str]
    usual: str
    sort: str
    falling: bool = False
    page: int = 1

    def query(self, **changed: object) -> str:
        """Return the query with some of it changed; what is empty is left out."""
        wanted: dict[str, object] = {**self.texts, "sort": self.order, "page": self.page, **changed}
        if wanted["sort"] == self.usual:
            del wanted["sort"]
        return "?" + urlencode({name: value for name, value in wanted.items() if value not in ("", 1)})

    @property
    def order(self) -> str:
        """Return the order as the address says it: a column, with a hyphen before it if it falls."""
        return f"{'-' if self.falling else ''}{self.sort}"

    def heads(self, rising: Collection[str] = ()) -> dict[str, Head]:
        """Return the head of each column; those in ``rising`` are first sorted upwards, the others down."""
        heads = {}
        for name in self.sorts:
            falling = not self.falling if name == self.sort else name not in rising
            query = self.query(sort=f"{'-' if falling else ''}{name}", page=1)
            now = ("descending" if self.falling else "ascending") if name == self.sort else ""
            heads[name] = Head(query, now)
        return heads

    @property
    def before(self) -> str:
        """Return the query of the page before; "" on the first."""
        return self.query(page=self.page - 1) if self.page > 1 else ""


def read(query: QueryDict, *, texts: Collection[str], sorts: Collection[str], usual: str) -> Asked:
    """Return what a query asks for; an order or a page that cannot be is the usual one."""
    given = {name: text for name in texts if (text := str(query.get(name, "")).strip())}
    order = str(query.get("sort", usual))
    if order.removeprefix("-") not in sorts:
        order = usual
    number = str(query.get("page", ""))
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    return Asked(given, sorts, usual, order.removeprefix("-"), order.startswith("-"), max(page, 1))
