"""``make bench``: accepting, delivering and memory of the default server, beside moto's server."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.bench.api import Api
from tests.bench.load import event
from tests.programs import find
from tests.running import Running, running_hub

CONNECTIONS = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each load lasts")
    parser.add_argument("--server", default="daphne", choices=["daphne", "uvicorn"])
    parser.add_argument("--only", choices=["accept", "deliver", "peer"], help="one part only")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, server {options.server}, SQLite FULL")
    with tempfile.TemporaryDirectory() as folder:
        print("fdatasync here: p50 {:.2f} ms, p99 {:.2f} ms".format(*fdatasync(Path(folder))))
        if options.only in {None, "accept"}:
            with running_hub(Path(folder) / "accept", server=options.server) as hub:
                accepting(hub, options.seconds)
        if options.only in {None, "deliver"}:
            with running_hub(Path(folder) / "deliver", server=options.server) as hub:
                delivering(hub, options.seconds)
        if options.only in {None, "peer"}:
            peer(options.seconds)


def accepting(hub: Running, seconds: float) -> None:
    """Print entries accepted per second for single posts, batches, and PutEvents."""
    print(
        f"\naccepting, {CONNECTIONS} connections, {seconds:.0f} s each (routing runs beside, no rule matches)"
    )
    for batch in (1, 10, 100):
        figures = load(hub, seconds=seconds, batch=batch)
        show(f"REST, {batch} per request", figures, batch)
    for batch in (1, 10):
        figures = load(hub, seconds=seconds, **put_events(hub, batch))
        show(f"PutEvents (SigV4), {batch} per request", figures, batch)
    print(f"resident memory: {resident(hub.process.pid)}")


def delivering(hub: Running, seconds: float) -> None:
    """Print the time from sending to receiving at two rates, and the rate that is sustained."""
    with Receiver() as receiver:
        Api(hub).rule("bench", {"source": ["bench.shop"]}, receiver.url)
        print("\nsent → received at a webhook (one delivery for each event)")
        for rate in (500, 1000):
            load(hub, seconds=seconds, rate=rate)
            took = receiver.wait_for(int(rate * seconds * 0.98))
            print(
                f"  at {rate:>5}/s: p50 {share(took, 0.5):7.1f} ms   p99 {share(took, 0.99):7.1f} ms   "
                f"({len(took)} events)"
            )
        wanted = int(3000 * seconds)
        began = time.monotonic()
        figures = load(hub, seconds=120, batch=100, most=wanted // 100, connections=8)
        took = receiver.wait_for(wanted)
        print(
            f"  sustained: {len(took) / (receiver.last - began):7.0f} events/s accepted, routed, delivered "
            f"({len(took)} events posted in {figures['seconds']:.1f} s)"
        )
        print(f"resident memory: {resident(hub.process.pid)}")


def peer(seconds: float) -> None:
    """Print the same PutEvents load on moto's server, which stores and delivers nothing."""
    program = find("moto_server") or str(Path(sys.executable).with_name("moto_server"))
    print(f"\nthe peer: moto's server, PutEvents, {CONNECTIONS} connections (nothing stored)")
    for batch in (1, 10):
        with subprocess.Popen(
            [program, "-p", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as server:
            assert server.stdout is not None
            port = next(int(line.rsplit(":", 1)[1]) for line in server.stdout if "Running on" in line)
            # Its log must be read, or it stops when the pipe is full.
            threading.Thread(target=server.stdout.read, daemon=True).start()
            figures = run_load("127.0.0.1", port, seconds=seconds, **put_events(None, batch, port=port))
            show(f"PutEvents, {batch} per request", figures, batch)
            server.kill()


# -- parts ----------------------------------------------------------------------------------------


def load(hub: Running, **orders: Any) -> dict[str, Any]:
    parts = urlsplit(hub.url)
    headers = {
        "Host": f"127.0.0.1:{parts.port}",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {hub.key_id}.{hub.secret}",
    }
    return run_load(
        "127.0.0.1", parts.port or 0, **{"path": "/api/buses/default/events", "headers": headers, **orders}
    )


def run_load(host: str, port: int, **orders: Any) -> dict[str, Any]:
    orders = {"host": host, "port": port, "connections": CONNECTIONS, **orders}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(orders),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures


def put_events(hub: Running | None, batch: int, port: int = 0) -> dict[str, Any]:
    """Return one signed PutEvents request; a signature holds for five minutes, so one serves a whole load."""
    entry = json.loads(event(stamp=False))
    entries = [
        {"Source": entry["source"], "DetailType": entry["detail-type"], "Detail": json.dumps(entry["detail"])}
    ] * batch
    body = json.dumps({"Entries": entries})
    url = hub.url if hub else f"http://127.0.0.1:{port}"
    request = AWSRequest("POST", url + "/", data=body)
    request.headers["X-Amz-Target"] = "AWSEvents.PutEvents"
    request.headers["Content-Type"] = "application/x-amz-json-1.1"
    request.headers["Host"] = urlsplit(url).netloc
    key = (hub.key_id, hub.secret) if hub else ("AKIAIOSFODNN7EXAMPLE", "anything")
    SigV4Auth(Credentials(*key), "events", "us-east-1").add_auth(request)
    return {"path": "/", "headers": dict(request.headers.items()), "body": body}


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


def show(name: str, figures: dict[str, Any], batch: int) -> None:
    good = sum(count for status, count in figures["statuses"].items() if int(status) < 300)
    rate = good / figures["seconds"]
    bad = sum(figures["statuses"].values()) - good
    print(
        f"  {name:<34}{rate:8.0f} requests/s {rate * batch:9.0f} events/s   "
        f"p50 {figures['p50_ms']:6.1f} ms   p99 {figures['p99_ms']:6.1f} ms"
        + (f"   {bad} NOT ACCEPTED" if bad else "")
    )


def resident(pid: int) -> str:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    now, most = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return f"{now:.0f} MiB now, {most:.0f} MiB at most"


if __name__ == "__main__":
    main()
