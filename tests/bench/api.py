"""Configuring a running Eventhub over REST."""

import json
import urllib.request
from typing import Any

from tests.running import Running


class Api:
    """A small client of the REST resources."""

    def __init__(self, hub: Running) -> None:
        self.hub = hub

    def rule(self, name: str, pattern: dict[str, Any], url: str, bus: str = "default") -> None:
        """Make a webhook target and a rule that delivers to it."""
        self.post("/api/targets", {"name": name, "kind": "webhook", "url": url})
        self.post("/api/rules", {"bus": bus, "name": name, "pattern": pattern, "targets": [name]})

    def post(self, path: str, body: object) -> Any:
        """POST JSON; return the answer's JSON; raises HTTPError with the status otherwise."""
        return self._ask(path, json.dumps(body).encode())

    def get(self, path: str) -> Any:
        """GET JSON; raises HTTPError with the status if it is not 2xx."""
        return self._ask(path, None)

    def _ask(self, path: str, body: bytes | None) -> Any:
        request = urllib.request.Request(
            self.hub.url + path,
            body,
            {"Authorization": f"Bearer {self.hub.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)
