"""An instant of the past, read from the rollups, shows what was shown live: the same words and figures."""

import msgspec
import pytest

from eventhub.journal.port import Circuit, CircuitState, Grain, Limits, OutcomeState, TargetState
from eventhub.live.gauges import Head
from eventhub.live.heading import read_head
from eventhub.live.past import LATEST_SECONDS, PastSnapshot, past_snapshot
from eventhub.live.snapshot import flow_snapshot
from eventhub.live.view import EVERY_BUS, View
from tests.journal.build import now_us
from tests.live.world import World

HOUR = 3600
pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.parametrize("engine", ["sqlite", "postgres"]),
]


def roll(world: World) -> None:
    while (rolled := world.journal.roll_up()) is None or rolled.more:
        pass


def busy(world: World) -> int:
    """Let events be delivered, fail and match nothing; return the second after all of it."""
    world.accept(5, source="shop")
    world.route((world.paid, world.mail), (world.all, world.books))
    world.accept(2, source="till")
    world.route()
    claimed = world.claim()
    world.settle(claimed[:3], OutcomeState.DELIVERED)
    world.settle(claimed[3:5], OutcomeState.PENDING)
    world.settle(claimed[5:6], OutcomeState.DEAD)
    roll(world)
    return now_us() // 1_000_000 + 1


def past(
    world: World, at: int, *, now: int | None = None, view: View = EVERY_BUS, step: int = 0
) -> PastSnapshot:
    return past_snapshot(world.journal, world.keeper.current, view, at, now=now or at, step=step)


def told(head: Head) -> dict[str, object]:
    """Return the header's figures that an instant has: what waited is noted only now and then."""
    return {name: one for name, one in msgspec.to_builtins(head).items() if name not in ("backlog", "oldest")}


def test_an_instant_equals_the_live_snapshot_of_that_moment(world: World) -> None:
    at = busy(world)

    live, then = flow_snapshot(now=at), past(world, at)

    assert then.grain is Grain.SECOND
    assert then.flow.counts == live.counts
    assert then.flow.graph.edges.keys() == live.graph.edges.keys()
    assert {key: one[:4] for key, one in then.flow.gauges.items()} == {
        key: one[:4] for key, one in live.gauges.items()
    }
    assert told(then.flow.head) == told(live.head)
    assert {row.id for row in then.flow.rows} == {row.id for row in live.rows}


def test_what_came_later_is_not_seen_yet(world: World) -> None:
    at = now_us() // 1_000_000 - 100
    world.accept(2, accepted_at=(at - 1) * 1_000_000)
    world.accept(1, accepted_at=at * 1_000_000)
    roll(world)

    then = past(world, at)

    assert then.flow.counts["source:shop", f"bus:{world.default.pk}"] == (2, 0)
    assert len(then.flow.rows) == 2


@pytest.mark.parametrize(
    ("ago", "grain"), [(60, Grain.SECOND), (3 * HOUR, Grain.TEN), (30 * HOUR, Grain.MINUTE)]
)
def test_older_instants_are_read_at_a_coarser_grain_with_the_same_counts(
    ago: int, grain: Grain, world: World
) -> None:
    now = now_us() // 1_000_000
    at = (now - ago) // 60 * 60
    world.accept(30, accepted_at=(at - 2) * 1_000_000)
    roll(world)

    then = past(world, at, now=now)

    assert (then.grain, then.flow.at) == (grain, at)
    assert then.flow.counts["source:shop", f"bus:{world.default.pk}"] == (30, 0)
    assert then.flow.head.rate_in == 30 / max(5, int(grain))


def test_nothing_of_a_bus_that_is_not_seen_is_told(world: World) -> None:
    at = busy(world)
    world.accept(4, bus_id=world.other.pk, source="theirs")
    roll(world)
    only = frozenset({world.other.pk})

    then = past(world, at, view=View(only, only))

    assert {key for key, node in then.flow.graph.nodes.items() if node.kind == "rule"} == set()
    assert then.flow.head.rate_out == 0
    assert then.flow.head.p50 is None
    assert {row.source for row in then.flow.rows} == {"theirs"}


def test_what_waited_at_a_target_and_its_open_circuit_are_shown(world: World) -> None:
    at = now_us() // 1_000_000 // 10 * 10
    world.journal.note_gauges(at - 5, {world.mail.pk: TargetState(CircuitState.OPEN, pending=12)})

    then = past(world, at - 2, now=at)

    gauge = then.flow.gauges[f"target:{world.mail.pk}"]
    assert (gauge.state, gauge.backlog) == ("open", 12)
    assert then.flow.head.backlog == 12


def test_a_step_tells_what_happened_in_it(world: World) -> None:
    at = now_us() // 1_000_000 - 100
    world.accept(3, accepted_at=(at - 1) * 1_000_000)
    world.accept(4, accepted_at=(at - 9) * 1_000_000)
    roll(world)
    edge = ("source:shop", f"bus:{world.default.pk}")

    steps = {step: past(world, at, step=step).news.get(edge) for step in (0, 1, 10)}

    assert steps == {0: None, 1: (3, 0), 10: (7, 0)}


def test_the_header_of_any_page_shows_what_the_flow_page_shows(world: World) -> None:
    at = busy(world)

    flow = flow_snapshot(rulebook=world.keeper.current, now=at).head
    anywhere = read_head(world.journal, world.keeper.current, EVERY_BUS, at + LATEST_SECONDS)

    assert told(anywhere) == told(flow)
    assert anywhere.backlog == flow.backlog > 0


def test_the_header_tells_nothing_of_a_bus_that_is_not_seen(world: World) -> None:
    at = busy(world)
    only = frozenset({world.other.pk})

    head = read_head(world.journal, world.keeper.current, View(only, only), at + LATEST_SECONDS)

    assert head == Head()


def test_an_open_circuit_is_told_in_the_header(world: World) -> None:
    world.accept()
    world.route((world.paid, world.mail))
    limits = {world.mail.pk: Limits(circuit=Circuit(failures=1, ratio_percent=0, wait_seconds=60))}
    claimed = world.journal.claim(
        "test", now=now_us(), lease_seconds=60, limit=9, limits=limits, in_flight={}, waiting=()
    )
    world.settle(claimed, OutcomeState.PENDING)
    roll(world)

    head = read_head(world.journal, world.keeper.current, EVERY_BUS, now_us() // 1_000_000 + 4)

    assert (head.failing, head.open, head.backlog) == (1, 1, 1)
