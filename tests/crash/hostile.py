"""A receiver that hangs, drips, resets, answers garbage and refuses a part of its requests."""

import random
import threading
from collections import defaultdict

from tests import receiver as answers
from tests.receiver import Answer, Received

SLOW = answers.drip(every=0.02)  # whole within its time: a success
TROUBLE = [
    answers.hang(),
    SLOW,
    answers.drip(b"drip" * 100, every=0.02),  # not whole within its time
    answers.reset(),
    answers.cut(),
    answers.garbage(),
    answers.status(503),
]


class Hostile:
    """Answers; remembers for each delivery the moments of the requests that it answers with success."""

    def __init__(self, seed: int, share: float = 0.08) -> None:
        self.healed = False
        self.taken: dict[str, list[float]] = defaultdict(list)
        self._dice = random.Random(seed)
        self._share = share
        self._lock = threading.Lock()

    def __call__(self, received: Received) -> Answer:
        with self._lock:
            troubled = not self.healed and self._dice.random() < self._share
            answer = self._dice.choice(TROUBLE) if troubled else answers.ok()
            if answer is SLOW or not troubled:
                self.taken[received.headers["webhook-id"]].append(received.at)
            return answer

    def doubled(self) -> list[float]:
        """Return the moments of successes that another of the same delivery came after."""
        return [at for moments in self.taken.values() for at in moments[:-1]]
