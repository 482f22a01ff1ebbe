"""A receiver that hangs, drips, resets, answers garbage and refuses a part of its requests."""

import random
import threading
from collections import defaultdict

from tests import receiver as answers
from tests.receiver import Answer, Received

TROUBLE = [
    answers.hang(),
    answers.drip(every=0.02),  # whole within its time
    answers.drip(b"drip" * 100, every=0.02),  # not whole within its time
    answers.reset(),
    answers.cut(),
    answers.garbage(),
    answers.status(503),
]


class Hostile:
    """Answers; remembers for each delivery, by its webhook-id, when it was sent."""

    def __init__(self, seed: int, share: float = 0.08) -> None:
        self.healed = False
        self.sent: dict[str, list[float]] = defaultdict(list)
        self._dice = random.Random(seed)
        self._share = share
        self._lock = threading.Lock()

    def __call__(self, received: Received) -> Answer:
        with self._lock:
            self.sent[received.headers["webhook-id"]].append(received.at)
            troubled = not self.healed and self._dice.random() < self._share
            return self._dice.choice(TROUBLE) if troubled else answers.ok()
