"""Delivering: how long an event is on its way, how many a second, how fair, and with how much memory."""

import time
from pathlib import Path

from tests.bench.api import Api
from tests.bench.parts import Receiver, fdatasync, load, resident, share
from tests.running import Running
from tests.until import takes_effect_everywhere

TARGETS = 20
EVENTS_PER_SECOND = 40  # to each of the targets


def delivering(hub: Running, seconds: float, folder: Path) -> None:
    """Print the time from sending to receiving at two rates, and the rate that is sustained."""
    with Receiver() as receiver:
        Api(hub).rule("bench", {"source": ["bench.shop"]}, receiver.url)
        takes_effect_everywhere()
        print("\nsent → received at a webhook (one delivery for each event; wanted at 1000/s: 8 and 40 ms)")
        for rate in (500, 1000):
            load(hub, seconds=seconds, rate=rate)
            took = receiver.wait_for(int(rate * seconds * 0.98))
            print(
                f"  at {rate:>5}/s: p50 {share(took, 0.5):7.1f} ms   p99 {share(took, 0.99):7.1f} ms   "
                f"({len(took)} events; fdatasync p99 {fdatasync(folder)[1]:.1f} ms)"
            )
        wanted = int(3000 * seconds)
        began = time.monotonic()
        figures = load(hub, seconds=120, batch=100, most=wanted // 100, connections=8)
        took = receiver.wait_for(wanted)
        print(
            f"  sustained: {len(took) / (receiver.last - began):7.0f} events/s accepted, routed, delivered "
            f"({len(took)} events posted in {figures['seconds']:.1f} s; wanted 2500/s)"
        )
        print(f"resident memory: {resident(hub.process.pid)}")


def fairness(hub: Running, seconds: float) -> None:
    """Print how long deliveries to healthy targets take beside one that hangs, and without it."""
    api = Api(hub)
    with Receiver() as receiver:
        print(
            f"\none event to each of {TARGETS} targets, {EVENTS_PER_SECOND} events/s "
            "(wanted: with one that hangs at most twice the p99)"
        )
        figures = []
        for bus, hanging in (("healthy", 0), ("hanging", 1)):
            make_targets(api, bus, receiver.url, hanging)
            takes_effect_everywhere()
            path = f"/api/buses/{bus}/events"
            load(hub, seconds=seconds, rate=EVENTS_PER_SECOND, path=path)
            took = receiver.wait_for(int(EVENTS_PER_SECOND * seconds * 0.98) * (TARGETS - hanging))
            figures.append(share(took, 0.99))
            print(
                f"  {hanging} of {TARGETS} hangs: the others' p50 {share(took, 0.5):7.1f} ms   "
                f"p99 {share(took, 0.99):7.1f} ms   ({len(took)} deliveries)"
            )
        print(f"  p99 with and without: {figures[1] / figures[0]:.2f} times")


def make_targets(api: Api, bus: str, url: str, hanging: int) -> None:
    api.post("/api/buses", {"name": bus})
    names = [f"{bus}-{number}" for number in range(TARGETS)]
    for number, name in enumerate(names):
        address = url.replace("/hook", "/hang") if number < hanging else url
        api.post("/api/targets", {"name": name, "kind": "webhook", "url": address, "timeout_seconds": 10})
    api.post("/api/rules", {"bus": bus, "name": bus, "pattern": {"source": ["bench.shop"]}, "targets": names})


def long_run(hub: Running, deliveries: int) -> None:
    """Print the memory of a hub while it delivers so many events: it must not grow with their number."""
    with Receiver() as receiver:
        Api(hub).rule("bench", {"source": ["bench.shop"]}, receiver.url)
        takes_effect_everywhere()
        print(f"\nmemory over {deliveries} deliveries")
        part, began = deliveries // 10, time.monotonic()
        for tenth in range(1, 11):
            load(hub, seconds=3600, batch=100, most=part // 100, connections=8)
            receiver.wait_for(part // 100 * 100, seconds=3600)
            rate = tenth * part / (receiver.last - began)
            print(f"  {tenth * part:>9}: {resident(hub.process.pid)}, {rate:6.0f} deliveries/s", flush=True)
