"""The demo's services: real HTTP receivers on loopback, some slow, some failing, one down for a while."""

import json
import random
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eventhub.management.demo.scenario import SERVICES, Service

# Of every minute, how long the service that goes down is away.
AWAY_SECONDS = 20
CYCLE_SECONDS = 60

# What a service does with an event after it answered, as a real one would.
Reaction = Callable[[str, dict[str, Any]], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, react: Reaction) -> None:
        self.services = {service.name: service for service in SERVICES}
        self.react = react
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError:  # taken: any other will do, targets are told the address
            super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Answer as the service that the path names would."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.path.strip("/")
        service = self.server.services.get(name)
        if service is None:
            self._answer(404, f"no service {name!r} here")
            return
        time.sleep(random.uniform(*service.latency_seconds))  # noqa: S311 - a demo's dice
        if random.random() < service.failing:  # noqa: S311 - a demo's dice
            self._answer(503, "too busy, try again")
            return
        self._answer(service.status, "" if service.status < 300 else f"{name} cannot process this event")
        if service.status < 300:
            self.server.react(name, json.loads(body))

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing: Eventhub shows what was delivered."""


class Receivers:
    """All services: the steady ones behind one port, the one that goes down behind another."""

    def __init__(self, react: Reaction, port: int) -> None:
        self._react = react
        self._steady = _Server(port, react)
        self._unsteady: _Server | None = _Server(port + 1, react)
        self._unsteady_port = self._unsteady.server_address[1]
        self._stop = threading.Event()

    def addresses(self) -> dict[str, str]:
        """Return each service's URL."""
        return {
            service.name: f"http://127.0.0.1:{self._port(service)}/{service.name}" for service in SERVICES
        }

    def _port(self, service: Service) -> int:
        return int(self._unsteady_port if service.down else self._steady.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        threading.Thread(target=self._steady.serve_forever, name="receivers", daemon=True).start()
        threading.Thread(target=self._come_and_go, name="unsteady receiver", daemon=True).start()

    def stop(self) -> None:
        """Stop answering."""
        self._stop.set()
        self._steady.shutdown()
        self._steady.server_close()

    def _come_and_go(self) -> None:
        while not self._stop.is_set():
            server = self._unsteady or _Server(self._unsteady_port, self._react)
            self._unsteady = None
            threading.Thread(target=server.serve_forever, name="support desk", daemon=True).start()
            self._stop.wait(CYCLE_SECONDS - AWAY_SECONDS)
            server.shutdown()
            server.server_close()
            self._stop.wait(AWAY_SECONDS)
