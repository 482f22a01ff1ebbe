"""What the demo configures: buses, rules and targets of four small businesses."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from eventhub.models import Bus, Rule, RuleTarget, Target

MADE_BY = "demo"


@dataclass(frozen=True, slots=True)
class Service:
    """A receiver: the target that delivers to it, and how it behaves."""

    name: str
    note: str
    latency_seconds: tuple[float, float] = (0.005, 0.04)
    failing: float = 0.0  # share of requests answered 503
    status: int = 204  # of the others
    down: bool = False  # on a port of its own, closed for a while every minute
    max_attempts: int = 6


SERVICES = [
    Service("barista", "Makes the drinks of an order."),
    Service("pastry-chef", "Makes the pastries of an order."),
    Service("pick-up-screen", "Shows customers what is ready."),
    Service("billing", "Slow: waits for the bank.", latency_seconds=(0.6, 1.4)),
    Service("warehouse", "Reserves stock, and gives it back when an order is cancelled."),
    Service("shipping", "Answers 503 to a quarter of all requests: watch the retries.", failing=0.25),
    Service("support-desk", "Down for a while every minute: connection refused.", down=True),
    Service("fraud-api", "Refuses every request with 422: its deliveries become dead letters.", status=422),
    Service("analytics", "Counts what the business does."),
    Service("thumbnailer", "Makes small pictures of uploads.", latency_seconds=(0.15, 0.5)),
    Service("mailer", "Sends the welcome mail."),
]

BUSES = {
    "coffee-shop": "One order event; barista and pastry chef each react only to theirs.",
    "web-shop": "Orders, payments, stock and shipping; several departments watch.",
    "marketing": "Hears of new accounts from the default bus.",
}


@dataclass(frozen=True, slots=True)
class Watcher:
    """A rule of the demo."""

    bus: str
    name: str
    description: str
    pattern: dict[str, Any]
    targets: tuple[str, ...]


RULES = [
    Watcher(
        "coffee-shop",
        "drinks-to-barista",
        "Orders with a drink in them.",
        {"detail-type": ["Order Placed"], "detail": {"items": {"kind": ["drink"]}}},
        ("barista",),
    ),
    Watcher(
        "coffee-shop",
        "pastries-to-chef",
        "Orders with a pastry in them.",
        {"detail-type": ["Order Placed"], "detail": {"items": {"kind": ["pastry"]}}},
        ("pastry-chef",),
    ),
    Watcher(
        "coffee-shop",
        "ready-to-screen",
        "Whatever is ready.",
        {"detail-type": ["Drink Ready", "Pastry Ready"]},
        ("pick-up-screen",),
    ),
    Watcher("web-shop", "billing", "Every order is billed.", {"detail-type": ["Order Placed"]}, ("billing",)),
    Watcher(
        "web-shop",
        "stock",
        "An order reserves stock; its cancellation, a fact of its own, gives it back.",
        {"detail-type": ["Order Placed", "Order Cancelled"]},
        ("warehouse",),
    ),
    Watcher(
        "web-shop",
        "shipping",
        "What is paid is shipped.",
        {"detail-type": ["Payment Received"]},
        ("shipping",),
    ),
    Watcher(
        "web-shop",
        "unhappy-customers",
        "Cancellations and declined payments.",
        {"detail-type": ["Order Cancelled", "Payment Declined"]},
        ("support-desk",),
    ),
    Watcher(
        "web-shop",
        "fraud-check",
        "Large orders.",
        {"detail-type": ["Order Placed"], "detail": {"amount": [{"numeric": [">", 500]}]}},
        ("fraud-api",),
    ),
    Watcher(
        "web-shop",
        "sales-figures",
        "Everything of the shop's.",
        {"source": [{"prefix": "shop."}]},
        ("analytics",),
    ),
    Watcher(
        "default",
        "pictures-uploaded",
        "Pictures put into the source bucket.",
        {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": ["sam-app-sourcebucket"]},
                "object": {"key": [{"suffix": ".jpeg"}, {"suffix": ".png"}]},
            },
        },
        ("thumbnailer",),
    ),
    Watcher(
        "default",
        "accounts-to-marketing",
        "Forwards new accounts to the marketing bus.",
        {"detail-type": ["Account Created"]},
        ("marketing-bus",),
    ),
    Watcher(
        "marketing",
        "welcome-mail",
        "Greets each new account.",
        {"detail-type": ["Account Created"]},
        ("mailer",),
    ),
]

# Added while events already flow: no producer is touched, or even restarted.
LATER = Watcher(
    "marketing",
    "sign-ups",
    "Counts new accounts; added later.",
    {"detail-type": ["Account Created"]},
    ("analytics",),
)


def configure(addresses: dict[str, str]) -> None:
    """Make the demo's buses, targets and rules, or bring them up to date; ``addresses``: service → URL."""
    with transaction.atomic():
        for name, description in BUSES.items():
            Bus.objects.update_or_create(name=name, defaults={"description": description})
        for service in SERVICES:
            _put_target(
                service.name,
                kind=Target.Kind.WEBHOOK,
                url=addresses[service.name],
                note=service.note,
                max_attempts=service.max_attempts,
                max_age_seconds=900,
                timeout_seconds=5,
            )
        _put_target("marketing-bus", kind=Target.Kind.BUS, bus=Bus.objects.get(name="marketing"))
        for watcher in RULES:
            put_rule(watcher)


def _put_target(name: str, **state: Any) -> None:
    target = Target.objects.filter(name=name).first() or Target(name=name)
    for field, value in state.items():
        setattr(target, field, value)
    target.full_clean()
    target.save()


def put_rule(watcher: Watcher) -> None:
    """Make a rule, or bring it up to date, and record its version."""
    with transaction.atomic():
        bus = Bus.objects.get(name=watcher.bus)
        rule = Rule.objects.filter(bus=bus, name=watcher.name).first() or Rule(bus=bus, name=watcher.name)
        rule.description = watcher.description
        rule.pattern = json.dumps(watcher.pattern, indent=2)
        rule.full_clean()
        rule.save()
        for target in Target.objects.filter(name__in=watcher.targets):
            RuleTarget.objects.get_or_create(rule=rule, target=target)
        rule.record_version(by=MADE_BY)
