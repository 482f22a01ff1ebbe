"""A target that rules of several buses use: who sees one of these is told of its deliveries alone."""

from collections.abc import Iterator

import pytest

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import NewDelivery
from eventhub.journal.queued import pending_on
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Role, Rule, Target
from tests.access.estate import OURS, THEIRS, Estate
from tests.people import browser_of, person


@pytest.fixture
def shared(journal: SqliteJournal) -> Iterator[tuple[Estate, Target]]:
    """Make a target with one delivery of ours and two of theirs, all pending."""
    estate = Estate(journal)
    process.install(Parts(journal, estate.keeper))
    target = Target.objects.create(name="shared", url="http://127.0.0.1:9/", enabled=False)
    for half, times in ((OURS, 1), (THEIRS, 2)):
        bus, rule = estate.bus[half], Rule.objects.get(name=f"{half}-rule")
        rule.set_targets([*rule.targets.all(), target])
        for number in range(times):
            estate.world.accept(bus_id=bus.pk, bus=half)
            made = NewDelivery(rule.pk, rule.name, 1, target.pk, target.name, fifo_key=f"{half} {number}")
            estate.world.route((rule, target), bus=bus, deliveries=[made])
    yield estate, target
    process.uninstall()


def test_its_state_counts_what_the_caller_may_see(shared: tuple[Estate, Target]) -> None:
    estate, _target = shared
    one = browser_of(person("one", Role.VIEWER, estate.bus[OURS])).get("/api/targets/shared/state").json()
    every = browser_of(person("every", Role.VIEWER)).get("/api/targets/shared/state").json()

    assert (one["pending"], one["in_flight"], one["failures_in_a_row"]) == (1, None, None)
    assert (every["pending"], every["in_flight"], every["failures_in_a_row"]) == (3, 0, 0)


def test_the_page_of_an_event_counts_likewise(shared: tuple[Estate, Target]) -> None:
    estate, _target = shared
    [event] = estate.world.accept(bus_id=estate.bus[OURS].pk, bus=OURS)
    rule = Rule.objects.get(name="ours-rule")
    made = NewDelivery(rule.pk, rule.name, 1, Target.objects.get(name="shared").pk, "shared")
    estate.world.route((rule, Target.objects.get(name="shared")), bus=estate.bus[OURS], deliveries=[made])

    one = browser_of(person("one", Role.VIEWER, estate.bus[OURS])).get(f"/events/{event}").content.decode()
    every = browser_of(person("every", Role.VIEWER)).get(f"/events/{event}").content.decode()

    assert "<dt>pending on your buses</dt><dd>2" in one
    assert "<dt>under way</dt>" not in one
    assert "<dt>pending</dt><dd>4" in every
    assert "<dt>under way</dt>" in every


def test_of_no_bus_nothing_is_counted(shared: tuple[Estate, Target]) -> None:
    _estate, target = shared

    assert pending_on(target.pk, []) == (0, None)
