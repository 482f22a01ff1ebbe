"""The demo's producers: what happens in four small businesses, told as events."""

import http.client
import itertools
import json
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

DRINKS = ["flat white", "espresso", "cappuccino", "oat latte", "filter coffee"]
PASTRIES = ["croissant", "cinnamon roll", "pain au chocolat", "carrot cake"]
PEOPLE = ["Ada", "Grace", "Edsger", "Barbara", "Alan", "Hedy", "Niklaus", "Radia"]
PICTURES = ["brad.jpeg", "harbour.png", "team.jpeg", "receipt.pdf", "poster.png"]

dice = random.Random()  # noqa: S311 - a demo's dice
_numbers = itertools.count(1041)


@dataclass(frozen=True, slots=True)
class Happening:
    """An event that a producer is about to post, and how many seconds after the one before."""

    after_seconds: float
    bus: str
    source: str
    detail_type: str
    detail: dict[str, Any]


def coffee_order() -> Iterator[Happening]:
    """Tell one order at the counter; now and then a tip, which nobody watches."""
    order = f"C-{next(_numbers)}"
    items = [{"name": dice.choice(DRINKS), "kind": "drink", "size": dice.choice("SML")}]
    if dice.random() < 0.5:
        items.append({"name": dice.choice(PASTRIES), "kind": "pastry"})
    if dice.random() < 0.2:
        items = [{"name": dice.choice(PASTRIES), "kind": "pastry"}]
    customer = dice.choice(PEOPLE)
    yield Happening(
        0,
        "coffee-shop",
        "coffee.counter",
        "Order Placed",
        {"order": order, "customer": customer, "items": items},
    )
    if dice.random() < 0.15:
        yield Happening(
            0.5,
            "coffee-shop",
            "coffee.counter",
            "Tip Given",
            {"order": order, "cents": dice.choice([50, 100])},
        )


def shop_order() -> Iterator[Happening]:
    """Tell one order of the web shop; a cancellation is an event of its own: a fact is never undone."""
    order = f"W-{next(_numbers)}"
    amount = round(dice.lognormvariate(4.4, 0.9), 2)
    detail = {"order": order, "customer": dice.choice(PEOPLE), "amount": amount, "currency": "EUR"}
    yield Happening(0, "web-shop", "shop.web", "Order Placed", detail)
    if dice.random() < 0.1:
        yield Happening(
            1.0,
            "web-shop",
            "shop.payments",
            "Payment Declined",
            {"order": order, "reason": "insufficient funds"},
        )
        return
    yield Happening(0.6, "web-shop", "shop.payments", "Payment Received", {"order": order, "amount": amount})
    yield Happening(
        0.3, "web-shop", "shop.warehouse", "Stock Reserved", {"order": order, "shelf": dice.randint(1, 40)}
    )
    if dice.random() < 0.2:
        yield Happening(
            2.0,
            "web-shop",
            "shop.web",
            "Order Cancelled",
            {"order": order, "amount": amount, "reason": "changed my mind"},
        )
    else:
        yield Happening(1.5, "web-shop", "shop.warehouse", "Order Shipped", {"order": order, "parcels": 1})


def upload() -> Iterator[Happening]:
    """Tell one object put into a bucket, in the shape of S3's "Object Created"."""
    key = dice.choice(PICTURES)
    yield Happening(
        0,
        "default",
        "aws.s3",
        "Object Created",
        {
            "version": "0",
            "bucket": {"name": "sam-app-sourcebucket"},
            "object": {
                "key": key,
                "size": dice.randint(9_000, 900_000),
                "sequencer": f"{next(_numbers):016X}",
            },
            "requester": "000000000000",
            "reason": "PutObject",
        },
    )


def sign_up() -> Iterator[Happening]:
    """Tell one new account."""
    person = dice.choice(PEOPLE)
    yield Happening(
        0,
        "default",
        "accounts.web",
        "Account Created",
        {"account": f"A-{next(_numbers)}", "name": person, "plan": dice.choice(["free", "team"])},
    )


# Each story and how often it begins, per second, at rate 1.
STORIES = [(coffee_order, 0.8), (shop_order, 0.7), (upload, 0.4), (sign_up, 0.3)]


class Producer:
    """Posts events over one kept connection, as a team's program would; waits while Eventhub is away."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=10)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._lock = threading.Lock()
        self.posted = 0
        self.complaint = ""

    def post(self, happening: Happening) -> bool:
        """Post one event; False, with the reason in ``complaint``, if it was not accepted."""
        body = json.dumps(
            {"source": happening.source, "detail-type": happening.detail_type, "detail": happening.detail}
        ).encode()
        with self._lock:
            try:
                self._connection.request("POST", f"/api/buses/{happening.bus}/events", body, self._headers)
                answer = self._connection.getresponse()
                text = answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                self.complaint = f"Eventhub does not answer: {error}"
                return False
        if answer.status != 202 or json.loads(text)["failed"]:
            self.complaint = f"answered {answer.status}: {text[:200]}"
            return False
        self.complaint = ""
        self.posted += 1
        return True
