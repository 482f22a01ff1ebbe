"""The header's figures for pages that draw no graph, out of the rollups: cheap enough for every page."""

from collections.abc import Iterable

from eventhub.flow.rulebook import Rulebook
from eventhub.flow.unrouted import unrouted
from eventhub.journal.looking_back import Tally, together
from eventhub.journal.port import CircuitState, Grain, Journal, Past
from eventhub.live.gauges import Head
from eventhub.live.past import LATEST_SECONDS
from eventhub.live.view import View
from eventhub.live.window import RATE_SECONDS, WINDOW_SECONDS


def read_head(journal: Journal, rulebook: Rulebook, view: View, now: int) -> Head:
    """Return the figures of a view: what flowed as of ``now - LATEST_SECONDS``, what waits as of now."""
    at = now - LATEST_SECONDS
    minute = Past(at - WINDOW_SECONDS, at, Grain.SECOND)
    recent = Past(at - RATE_SECONDS, at, Grain.SECOND)

    def sums(kind: str, past: Past) -> tuple[int, int]:
        return _sum(journal.counts(kind, past, by=(), bus_ids=view.shown))

    tried, tried_lately = sums("attempted", minute), sums("attempted", recent)
    ways = ("all", None) if view.shown is None else ("bus", view.shown)
    timed = together(journal.latencies(ways[0], minute, ids=ways[1]))
    targets = _targets(rulebook, view)
    states = {one: state for one, state in journal.target_states().items() if one in targets}
    opened = {one for one, state in states.items() if state.circuit is not CircuitState.CLOSED}
    # A tenth of the rows that seconds would be: every rule has its own.
    edge = at + -at % Grain.TEN
    about = Past(edge - WINDOW_SECONDS, edge, Grain.TEN)
    attempts = journal.counts("attempt", about, by=("b",), bus_ids=view.shown)
    failing = {one.counted.b for one in attempts if one.failed * 2 >= one.count}
    # What is switched off or held says so, and is in no trouble.
    free = {one for one in targets if rulebook.targets[one].enabled and not rulebook.targets[one].waits}
    waiting = unrouted([bus for bus in rulebook.paused if view.shows(bus)])
    oldest = [state.oldest_pending_at for state in states.values()] + [
        one.oldest_at for one in waiting.values()
    ]
    since = min((one for one in oldest if one is not None), default=None)
    return Head(
        rate_in=sums("accepted", recent)[0] / RATE_SECONDS,
        rate_out=(tried_lately[0] - tried_lately[1]) / RATE_SECONDS,
        p50=timed.quantile(0.5) if timed else None,
        p99=timed.quantile(0.99) if timed else None,
        backlog=sum(state.pending for state in states.values()) + sum(one.events for one in waiting.values()),
        oldest=None if since is None else max(0, now * 1000 - since // 1000),
        failing=len((opened | failing) & free),
        in60=sums("accepted", minute)[0],
        out60=tried[0] - tried[1],
        open=len(opened & free),
    )


def _targets(rulebook: Rulebook, view: View) -> set[int]:
    """Return the targets that are shown: all, or those of rules on the view's buses."""
    shown: Iterable[int] = rulebook.targets
    if view.shown is not None:
        on_buses = [rulebook.rules[bus] for bus in view.shown if bus in rulebook.rules]
        shown = {target for one in on_buses for rule in one.rules.values() for target in rule.target_ids}
    return {one for one in shown if one in rulebook.targets}


def _sum(tallies: Iterable[Tally]) -> tuple[int, int]:
    count = failed = 0
    for one in tallies:
        count += one.count
        failed += one.failed
    return count, failed
