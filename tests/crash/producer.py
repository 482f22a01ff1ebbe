"""A producer that posts all the time and remembers what was acknowledged."""

import http.client
import itertools
import json
import threading
from collections.abc import Callable


class Producer:
    """Posts one event after the other from several threads; an event counts once a 2xx was read whole."""

    def __init__(
        self, port: Callable[[], int], key: str, *, threads: int = 2, pause_seconds: float = 0.008
    ) -> None:
        self.acknowledged: set[str] = set()
        self._port = port
        self._pause_seconds = pause_seconds
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._numbers = itertools.count()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._post, daemon=True) for _ in range(threads)]

    def __enter__(self) -> "Producer":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _post(self) -> None:
        connection: http.client.HTTPConnection | None = None
        # Paced: a few hundred events a second keep every part at work, and let deliveries keep up.
        while not self._stop.wait(self._pause_seconds):
            body = json.dumps(
                [
                    {"source": "crash", "detail-type": "Counted", "detail": {"n": next(self._numbers)}}
                    for _ in range(3)
                ]
            )
            try:
                if connection is None:
                    connection = http.client.HTTPConnection("127.0.0.1", self._port(), timeout=10)
                connection.request("POST", "/api/buses/default/events", body, self._headers)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):  # killed: not acknowledged
                if connection is not None:
                    connection.close()
                connection = None
                self._stop.wait(0.02)  # pacing of a producer that finds nobody, not a wait for a result
                continue
            if answer.status == 202:
                self.acknowledged.update(entry["id"] for entry in json.loads(text)["entries"])
        if connection is not None:
            connection.close()
