"""How soon a change of one rule among many is in force: ``python -m tests.bench.patterns_rulebook``.

One process with an embedded journal, a rulebook and a router, on a bus with 100,000 rules. Rules are changed
over REST and by saving the row, as the admin does; then an event comes that only the changed rule matches.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import django

from tests.bench.pattern_workload import workload

CHANGES = 15


@dataclass
class Timings:
    """Milliseconds by what took them."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def of(self, what: str, act: Callable[[], Any]) -> Any:
        """Do something and note how long it took."""
        began = time.perf_counter()
        answer = act()
        self.taken.setdefault(what, []).append(1000 * (time.perf_counter() - began))
        return answer

    def show(self) -> None:
        """Print a table."""
        for what, taken in self.taken.items():
            print(f"{what:<58} {median(taken):8.1f} ms, at most {max(taken):8.1f}")


def main() -> None:
    """Set up an installation of its own and measure."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rules", type=int, default=100_000)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"EVENTHUB_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "eventhub.settings"}
        sys.setswitchinterval(0.001)
        django.setup()
        measure(chosen.rules)


def measure(size: int) -> None:
    """Load the rules, change some, and print how long each step took."""
    from django.core.management import call_command

    from eventhub.flow import process
    from eventhub.flow.indexes import Indexes
    from eventhub.flow.route import Router
    from eventhub.flow.rulebook import RulebookKeeper
    from eventhub.models import Bus, Rule, RuleVersion
    from eventhub.roles import open_journal

    call_command("migrate", verbosity=0)
    bus = Bus.objects.get(name="default")
    patterns = workload(size, events=1).patterns
    rules = Rule.objects.bulk_create(
        [Rule(bus=bus, name=f"r{number}", pattern=text) for number, text in patterns.items()], batch_size=1000
    )
    RuleVersion.objects.bulk_create(
        [
            RuleVersion(rule=rule, number=1, name=rule.name, pattern=rule.pattern, enabled=True)
            for rule in rules
        ],
        batch_size=1000,
    )
    timings, journal, keeper, indexes = Timings(), open_journal(), RulebookKeeper(), Indexes()
    timings.of(f"reading {size:,} rules at the start", keeper.refresh)
    timings.of("indexing them", lambda: indexes.follow(keeper.current.rules))
    process.install(process.Parts(journal, keeper))
    for rule in rules[:CHANGES]:
        rule.pattern = json.dumps({"source": [f"saved {rule.name}"]})
        rule.save()
        timings.of("rulebook: reading one rule that was saved", keeper.refresh)
        timings.of("router: bringing the index up to it", lambda: indexes.follow(keeper.current.rules))
        on_bus = keeper.current.rules[bus.pk]
        timings.of(
            "router: recording the versions in force",
            lambda: journal.ruleset(bus.pk, on_bus.in_force()),  # noqa: B023 - called at once
        )
        assert indexes.of(bus.pk, on_bus).match({"source": f"saved {rule.name}"}).rule_ids == [rule.pk]
    router = Router(journal, keeper)
    router.start()
    change = changing(bus.pk, journal)
    change(rules[CHANGES].pk, "first", Timings())  # the router has read and indexed everything then
    for rule in rules[CHANGES + 1 : 2 * CHANGES]:
        change(rule.pk, f"put {rule.name}", timings)
    router.stop()
    journal.close()
    timings.show()


def changing(bus_id: int, journal: Any) -> Callable[[int, str, Timings], None]:
    """Return what changes a rule over REST, puts an event for it, and waits until it is matched."""
    from django.test import Client

    from eventhub.access.keys import mint
    from eventhub.access.scopes import Scope
    from eventhub.journal.rows import RoutingRow
    from tests.journal.build import new_event

    key, secret = mint("bench", [Scope.ADMIN])
    client = Client(headers={"Authorization": f"Bearer {key.pk}.{secret}", "Host": "127.0.0.1"})

    def change(rule_id: int, source: str, timings: Timings) -> None:
        body = json.dumps({"pattern": {"source": [source]}})

        def patch() -> None:
            answer = client.patch(f"/api/rules/{rule_id}", body, content_type="application/json")
            assert answer.status_code == 200, answer.content

        def put() -> None:
            event = new_event(bus_id=bus_id, source=source)
            journal.append([event]).result(timeout=60)
            while not (routing := RoutingRow.objects.filter(event_id=event.id).first()):
                time.sleep(0.001)
            assert (routing.state, routing.matched) == ("matched", 1)

        def both() -> None:
            timings.of("REST: PATCH of a rule until answered, in force then", patch)
            timings.of("an event after it, until routed", put)

        timings.of("from the PATCH to the first event routed by it", both)

    return change


if __name__ == "__main__":
    main()
