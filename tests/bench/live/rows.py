"""A row of the table: what was wanted, what was found, and whether that is enough."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. ``at_least`` turns the comparison round; without ``wanted`` it is only told."""

    name: str
    found: float
    unit: str
    wanted: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def is_ok(self) -> bool:
        """Tell whether the target is met; what could not be measured (NaN) never is."""
        if self.wanted is None:
            return True
        return self.found >= self.wanted if self.at_least else self.found <= self.wanted

    def text(self) -> str:
        """Return the row as it is printed."""
        sign = "≥" if self.at_least else "≤"
        wanted = "–" if self.wanted is None else f"{sign} {figure(self.wanted)} {self.unit}"
        verdict = "" if self.wanted is None else "ok" if self.is_ok else "miss"
        found = f"{figure(self.found):>10} {self.unit:8}"
        return f"{self.name:50} {wanted:>14} {found} {verdict:5} {self.note}".rstrip()


def figure(value: float) -> str:
    """Return a number as short as it is exact enough.

    >>> figure(12345.6), figure(120.4), figure(9.87), figure(0.0)
    ('12,346', '120', '9.9', '0')
    """
    return f"{value:,.0f}" if value >= 100 or value == int(value or 0) else f"{value:.1f}"
