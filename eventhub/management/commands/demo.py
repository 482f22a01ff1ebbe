"""``manage.py demo``: add the demo scenarios to a running Eventhub and keep traffic flowing."""

import heapq
import itertools
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.management.demo import scenario, traffic
from eventhub.management.demo.receivers import Receivers
from eventhub.models import ApiKey

ADDED_LATER_AFTER_SECONDS = 45
KEY_NAME = "demo"


class Command(BaseCommand):
    """Configures the scenarios, runs their receivers on loopback, and posts events until Ctrl-C."""

    help = "Add the demo scenarios to a running Eventhub and keep traffic flowing (Ctrl-C stops)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--url", default=settings.PUBLIC_URL, help="where Eventhub runs (default: %(default)s)"
        )
        parser.add_argument("--rate", type=float, default=1.0, help="times the usual 5 events/s")
        parser.add_argument("--seconds", type=float, default=0, help="stop after so long (0: never)")
        parser.add_argument("--receiver-port", type=int, default=8101, help="first of two for receivers")

    def handle(self, **options: Any) -> None:
        url = str(options["url"]).rstrip("/")
        if options["rate"] <= 0:
            raise CommandError(f"--rate: wanted a number above 0, found {options['rate']}")
        self._check_running(url)
        ApiKey.objects.filter(name=KEY_NAME).delete()
        key, secret = mint(KEY_NAME, [Scope.ADMIN], expires_at=timezone.now() + timedelta(days=1))
        producer = traffic.Producer(url, f"{key.pk}.{secret}")
        receivers = Receivers(Reactions(producer), options["receiver_port"])
        scenario.configure(receivers.addresses())
        receivers.start()
        stop = threading.Event()
        stop.wait(1.0)  # a change of configuration takes effect within a second
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write(f"Demo traffic flows. Watch it on {url}/flow ; Ctrl-C stops it.")
        try:
            self._produce(producer, stop, rate=options["rate"], seconds=options["seconds"])
        finally:
            receivers.stop()
            key.delete()
            self.stdout.write(f"Demo stopped after {producer.posted} events; its rules and targets stay.")

    def _check_running(self, url: str) -> None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5):  # noqa: S310 - the operator's own address
                pass
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise CommandError(
                f"no Eventhub answers at {url} ({error}): start it first with `make run`"
            ) from error

    def _produce(
        self, producer: traffic.Producer, stop: threading.Event, *, rate: float, seconds: float
    ) -> None:
        began = time.monotonic()
        later: list[tuple[float, int, Iterator[traffic.Happening], traffic.Happening]] = []
        order = itertools.count()
        begins = {story: began for story, _ in traffic.STORIES}
        added = False
        complaint = ""
        while not stop.is_set() and not (seconds and time.monotonic() - began > seconds):
            now = time.monotonic()
            for story, per_second in traffic.STORIES:
                if now >= begins[story]:
                    begins[story] = now + traffic.dice.expovariate(per_second * rate)
                    happenings = story()
                    heapq.heappush(later, (now, next(order), happenings, next(happenings)))
            while later and later[0][0] <= now:
                at, _, happenings, happening = heapq.heappop(later)
                posted = producer.post(happening)
                if not posted and producer.complaint != complaint:
                    self.stderr.write(producer.complaint)
                complaint = producer.complaint
                following = next(happenings, None)
                if following is not None:
                    heapq.heappush(later, (at + following.after_seconds, next(order), happenings, following))
            if not added and now - began > ADDED_LATER_AFTER_SECONDS:
                added = True
                scenario.put_rule(scenario.LATER)
                self.stdout.write("Added the rule sign-ups on the marketing bus: no producer was touched.")
            stop.wait(min([*begins.values(), *(entry[0] for entry in later[:1])]) - time.monotonic())


class Reactions:
    """What services do with what they receive: the kitchen tells when something is ready."""

    def __init__(self, producer: traffic.Producer) -> None:
        self._producer = producer

    def __call__(self, service: str, event: dict[str, Any]) -> None:
        ready = {"barista": ("drink", "Drink Ready"), "pastry-chef": ("pastry", "Pastry Ready")}.get(service)
        if ready is None:
            return
        kind, detail_type = ready
        names = [item["name"] for item in event["detail"]["items"] if item["kind"] == kind]
        detail = {"order": event["detail"]["order"], "what": names}
        self._producer.post(traffic.Happening(0, "coffee-shop", f"coffee.{service}", detail_type, detail))
