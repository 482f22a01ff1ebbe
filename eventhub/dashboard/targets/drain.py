"""When what waits at a target will be gone, if it goes on as in the last minute. Pure."""

from dataclasses import dataclass

_COUNTED = 10_000  # further than this pending deliveries are not counted
_LEAST_PER_SECOND = 0.001


@dataclass(frozen=True, slots=True)
class Drain:
    """An estimate: for how long (ms) it takes, if it ends at all, and the two rates that say so."""

    pending: int
    per_second_in: float
    per_second_out: float

    @property
    def ms(self) -> float | None:
        """Return the milliseconds until nothing waits; None while no less waits than before.

        >>> Drain(100, 2.0, 12.0).ms, Drain(100, 12.0, 12.0).ms, Drain(0, 12.0, 2.0).ms
        (10000.0, None, 0.0)
        """
        if not self.pending:
            return 0.0
        falls = self.per_second_out - self.per_second_in
        return self.pending / falls * 1000 if falls > _LEAST_PER_SECOND else None

    @property
    def is_least(self) -> bool:
        """Return whether more may wait than is counted: then it takes longer."""
        return self.pending >= _COUNTED

    @property
    def grows(self) -> bool:
        """Return whether more comes than goes."""
        return self.per_second_in > self.per_second_out
