"""``make bench``: accepting, delivering and memory of the default server, beside moto's server."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.bench.delivery import delivering, fairness, long_run
from tests.bench.load import event
from tests.bench.parts import CONNECTIONS, fdatasync, load, resident, run_load
from tests.programs import find
from tests.running import Running, running_hub

CONTROL_CONNECTIONS = 10
ENVELOPE = {
    "id": "1",
    "detail-type": "Order Placed",
    "source": "bench.shop",
    "account": "000000000000",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {"amount": 120.5},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each load lasts")
    parser.add_argument("--server", default="daphne", choices=["daphne", "uvicorn"])
    parser.add_argument(
        "--only", choices=["accept", "control", "deliver", "fair", "peer"], help="one part only"
    )
    parser.add_argument(
        "--deliveries", type=int, default=0, help="instead: memory over so many, such as 1000000"
    )
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, server {options.server}, SQLite FULL")
    with tempfile.TemporaryDirectory() as folder:
        print("fdatasync here: p50 {:.2f} ms, p99 {:.2f} ms".format(*fdatasync(Path(folder))))
        if options.deliveries:
            with running_hub(Path(folder) / "long", server=options.server) as hub:
                long_run(hub, options.deliveries)
            return
        if options.only in {None, "accept"}:
            with running_hub(Path(folder) / "accept", server=options.server) as hub:
                accepting(hub, options.seconds)
        if options.only in {None, "control"}:
            with running_hub(Path(folder) / "control", server=options.server) as hub:
                controlling(hub, options.seconds)
        if options.only in {None, "deliver"}:
            with running_hub(Path(folder) / "deliver", server=options.server) as hub:
                delivering(hub, options.seconds, Path(folder))
        if options.only in {None, "fair"}:
            with running_hub(Path(folder) / "fair", server=options.server) as hub:
                fairness(hub, options.seconds)
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


def controlling(hub: Running, seconds: float) -> None:
    """Print how long EventBridge's other operations take."""
    print(
        f"\nconfiguring (SigV4), {CONTROL_CONNECTIONS} connections, {seconds:.0f} s each (wanted: p99 60 ms)"
    )
    for name, requests in control_requests(hub).items():
        parts = urlsplit(hub.url)
        orders = {"connections": CONTROL_CONNECTIONS, "seconds": seconds, "requests": requests}
        show(name, run_load("127.0.0.1", parts.port or 0, **orders))


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


def put_events(hub: Running | None, batch: int, port: int = 0) -> dict[str, Any]:
    """Return one signed PutEvents request; a signature holds for five minutes, so one serves a whole load."""
    entry = json.loads(event(stamp=False))
    entries = [
        {"Source": entry["source"], "DetailType": entry["detail-type"], "Detail": json.dumps(entry["detail"])}
    ] * batch
    url = hub.url if hub else f"http://127.0.0.1:{port}"
    key = (hub.key_id, hub.secret) if hub else ("AKIAIOSFODNN7EXAMPLE", "anything")
    return {"requests": [signed(url, key, "PutEvents", {"Entries": entries})]}


def control_requests(hub: Running) -> dict[str, list[dict[str, Any]]]:
    """Return what each operation is asked: to put other rules each time, to read one or a page of them."""
    pattern = json.dumps({"source": ["bench.shop"], "detail": {"amount": [{"numeric": [">", 100]}]}})
    asked = {
        "PutRule": [{"Name": f"rule-{number}", "EventPattern": pattern} for number in range(250)],
        "DescribeRule": [{"Name": f"rule-{number}"} for number in range(250)],
        "ListRules": [{"Limit": 100}],
        "ListEventBuses": [{}],
        "TestEventPattern": [{"EventPattern": pattern, "Event": json.dumps(ENVELOPE)}],
    }
    key = (hub.key_id, hub.secret)
    return {name: [signed(hub.url, key, name, one) for one in requests] for name, requests in asked.items()}


def signed(url: str, key: tuple[str, str], operation: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Return headers and body of a request that is signed now."""
    request = AWSRequest("POST", url + "/", data=json.dumps(asked))
    request.headers["X-Amz-Target"] = f"AWSEvents.{operation}"
    request.headers["Content-Type"] = "application/x-amz-json-1.1"
    request.headers["Host"] = urlsplit(url).netloc
    SigV4Auth(Credentials(*key), "events", "us-east-1").add_auth(request)
    return {"headers": dict(request.headers.items()), "body": request.data}


def show(name: str, figures: dict[str, Any], batch: int = 0) -> None:
    good = sum(count for status, count in figures["statuses"].items() if int(status) < 300)
    rate = good / figures["seconds"]
    bad = sum(figures["statuses"].values()) - good
    print(
        f"  {name:<34}{rate:8.0f} requests/s "
        + (f"{rate * batch:9.0f} events/s   " if batch else "")
        + f"p50 {figures['p50_ms']:6.1f} ms   p99 {figures['p99_ms']:6.1f} ms"
        + (f"   {bad} NOT ACCEPTED" if bad else "")
    )


if __name__ == "__main__":
    main()
