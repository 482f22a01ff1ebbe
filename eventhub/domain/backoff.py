"""How long to wait before the next attempt. The dice come in as an argument."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """A schedule whose waits double from ``first_seconds`` up to ``cap_seconds``, each with full jitter.

    With full jitter (anything between nothing and the whole wait) deliveries that failed together do not
    come back together. With the defaults the mean wait is at most 450 s, so that the 185 attempts which a
    target allows by default last about the 24 hours it allows as well.
    """

    first_seconds: float = 2.0
    cap_seconds: float = 900.0
    # A wait of nothing would only hit the same fault again.
    least_seconds: float = 0.2

    def ceiling_seconds(self, attempts: int) -> float:
        """Return the longest wait after so many failed attempts (1 or more).

        >>> [Backoff().ceiling_seconds(attempts) for attempts in (1, 2, 3, 9, 10, 185)]
        [2.0, 4.0, 8.0, 512.0, 900.0, 900.0]
        """
        if attempts < 1:
            raise ValueError(f"attempts: wanted 1 or more, found {attempts}")
        # 2 ** 40 is beyond every cap; a float power would overflow at 1024 attempts.
        return min(self.cap_seconds, self.first_seconds * float(2 ** min(attempts - 1, 40)))

    def wait_seconds(self, attempts: int, dice: float) -> float:
        """Return the wait after so many failed attempts; ``dice`` is a random number from 0 to 1.

        >>> Backoff().wait_seconds(3, dice=0.5)
        4.0
        """
        if not 0 <= dice <= 1:
            raise ValueError(f"dice: wanted 0 to 1, found {dice}")
        return max(self.least_seconds, dice * self.ceiling_seconds(attempts))
