"""How fast a key may ask: requests a second, with a second's worth at once."""

import math
import time
from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """A bucket of one process: behind several web processes a key has the rate in each."""

    per_second: float
    _spent_until: float = 0.0  # monotonic: when all that was taken is earned again

    def wait_seconds(self) -> float:
        """Take one request; return 0, or how long to wait until one may be taken.

        >>> pace = Pace(2.0)
        >>> [pace.wait_seconds() > 0 for _ in range(3)]
        [False, False, True]
        """
        now = time.monotonic()
        spent_until = max(self._spent_until, now)
        at_once = max(1.0, self.per_second)
        wait = spent_until - now - (at_once - 1) / self.per_second
        if wait > 0:
            return wait
        self._spent_until = spent_until + 1 / self.per_second
        return 0.0


def whole_seconds(wait: float) -> int:
    """Return a wait as ``Retry-After`` says it: at least 1.

    >>> whole_seconds(0.2), whole_seconds(1.01)
    (1, 2)
    """
    return max(1, math.ceil(wait))
