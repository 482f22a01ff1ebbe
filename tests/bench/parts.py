"""What every bench needs: the load, the receiver's process, and figures of this machine."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.running import Running

CONNECTIONS = 64


def load(hub: Running, **orders: Any) -> dict[str, Any]:
    """Run a load to its end; return its figures."""
    return running_load(hub, **orders)()


def run_load(host: str, port: int, **orders: Any) -> dict[str, Any]:
    return _started(host, port, orders)()


def running_load(hub: Running, **orders: Any) -> "Load":
    """Start a load beside what the caller does; calling what is returned waits for its figures."""
    parts = urlsplit(hub.url)
    return _started("127.0.0.1", parts.port or 0, {**_headers(hub), **orders})


class Load:
    """A load's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def __call__(self) -> dict[str, Any]:
        """Wait for its end; return its figures."""
        text, _ = self.process.communicate()
        assert self.process.returncode == 0, f"the load ended with {self.process.returncode}"
        figures: dict[str, Any] = json.loads(text)
        return figures

    def end(self) -> None:
        """End it at once, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def _started(host: str, port: int, orders: dict[str, Any]) -> Load:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"host": host, "port": port, "connections": CONNECTIONS, **orders}))
    process.stdin.close()
    process.stdin = None
    return Load(process)


def _headers(hub: Running) -> dict[str, Any]:
    return {
        "path": "/api/buses/default/events",
        "headers": {
            "Host": f"127.0.0.1:{urlsplit(hub.url).port}",
            "Content-Type": "application/json",
            "Authorization": f"Bearer {hub.key_id}.{hub.secret}",
        },
    }


class Receiver:
    """The webhook's process."""

    def __enter__(self) -> "Receiver":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.receiver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}/hook"
        self.last = 0.0
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def wait_for(self, count: int, seconds: float = 120) -> list[float]:
        """Return the milliseconds of what came once at least ``count`` did and no more comes."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        took: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            news = json.loads(self.process.stdout.readline())
            took += news["took_ms"]
            self.last = news["last"]
            if len(took) >= count and not news["count"]:
                return sorted(took)
            time.sleep(0.2)
        print(f"  only {len(took)} of {count} arrived in {seconds:.0f} s")
        return sorted(took)


def fdatasync(folder: Path) -> tuple[float, float]:
    took = []
    with (folder / "sync").open("wb") as file:
        for _ in range(300):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(1000 * (time.perf_counter() - began))
    took.sort()
    return share(took, 0.5), share(took, 0.99)


def share(ordered: list[float], part: float) -> float:
    return ordered[int(part * (len(ordered) - 1))] if ordered else float("nan")


def resident(pid: int) -> str:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    now, most = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return f"{now:.0f} MiB now, {most:.0f} MiB at most"
