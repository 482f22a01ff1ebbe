"""Taking what the journal's feed brings into the window's counts and latencies: once for all that watch."""

from eventhub.journal.counted import Counted, Timed, bucket_of, whole_way
from eventhub.journal.port import Feed, OutcomeState, RoutingState
from eventhub.live.window import Counts, Window, add

_MICROSECONDS = 1_000_000
# Of a match: delivered, or meant not to be. A match of any other state counts as failed.
WENT_WELL = frozenset({OutcomeState.PENDING, OutcomeState.SHADOW})
_SOURCES_KEPT = 1000  # (source, bus) pairs that are remembered from before the window


class Intake:
    """The counts of the window, and the sources that were ever seen."""

    def __init__(self, window: Window, sources: dict[tuple[str, int], None]) -> None:
        self.window = window
        self.sources = sources  # least recently seen first

    def take(self, feed: Feed) -> Counts:
        """Count what came; return the sums over all of it."""
        by_second: dict[int, Counts] = {}
        self._events(feed, by_second)
        self._routings(feed, by_second)
        self._attempts(feed, by_second)
        for letter in feed.dead_letters:
            counts = by_second.setdefault(letter.at // _MICROSECONDS, {})
            add(counts, Counted("dead", letter.bus_id, letter.rule_id, letter.target_id or 0), 1, 1)
        sums: Counts = {}
        for second, counts in by_second.items():
            for counted, (count, failed) in counts.items():
                self.window.count(second, counted, count, failed)
                add(sums, counted, count, failed)
        return sums

    def _events(self, feed: Feed, by_second: dict[int, Counts]) -> None:
        # The one loop that sees every event: a tuple and a look-up each, the rest once per source and second.
        seen: dict[tuple[int, int, str], int] = {}
        for event in feed.events:
            key = (event.accepted_at // _MICROSECONDS, event.bus_id, event.source)
            seen[key] = seen.get(key, 0) + 1
        for (second, bus_id, source), count in seen.items():
            add(by_second.setdefault(second, {}), Counted("source", bus_id, source, 0), count, 0)
            self.sources.pop((source, bus_id), None)
            self.sources[source, bus_id] = None
        while len(self.sources) > _SOURCES_KEPT:
            del self.sources[next(iter(self.sources))]

    def _routings(self, feed: Feed, by_second: dict[int, Counts]) -> None:
        matches: dict[tuple[int, int, int, bool], int] = {}
        unmatched: dict[tuple[int, int, bool], int] = {}
        for routing in feed.routings:
            second = routing.routed_at // _MICROSECONDS
            if routing.state is not RoutingState.MATCHED:
                lost = (second, routing.bus_id, routing.state is RoutingState.UNROUTABLE)
                unmatched[lost] = unmatched.get(lost, 0) + 1
                continue
            made: dict[int, bool] = {}
            for _, rule_id, _, state in routing.outcomes:
                made[rule_id] = made.get(rule_id, False) or state in WENT_WELL
            for rule_id, any_made in made.items():
                match = (second, routing.bus_id, rule_id, any_made)
                matches[match] = matches.get(match, 0) + 1
        for (second, bus_id, rule_id, any_made), count in matches.items():
            counted = Counted("match", bus_id, rule_id, 0)
            add(by_second.setdefault(second, {}), counted, count, 0 if any_made else count)
        for (second, bus_id, failed), count in unmatched.items():
            counted = Counted("unmatched", bus_id, 0, 0)
            add(by_second.setdefault(second, {}), counted, count, count if failed else 0)

    def _attempts(self, feed: Feed, by_second: dict[int, Counts]) -> None:
        attempts: dict[tuple[int, int, int, int, bool], int] = {}
        times: dict[tuple[int, Timed, int], int] = {}
        for attempt in feed.attempts:
            second, good = attempt.ended_at // _MICROSECONDS, attempt.state is OutcomeState.DELIVERED
            key = (second, attempt.bus_id, attempt.rule_id, attempt.target_id, good)
            attempts[key] = attempts.get(key, 0) + 1
            timed = [(Timed("target", attempt.target_id), bucket_of(attempt.took_ms))]
            if good:
                bucket = bucket_of((attempt.ended_at - attempt.accepted_at) / 1000)
                timed += [(t, bucket) for t in whole_way(attempt.bus_id, attempt.rule_id)]
            for what, bucket in timed:
                times[second, what, bucket] = times.get((second, what, bucket), 0) + 1
        for (second, bus_id, rule_id, target_id, good), count in attempts.items():
            counts = by_second.setdefault(second, {})
            add(counts, Counted("attempt", bus_id, rule_id, target_id), count, 0 if good else count)
            if good:
                add(counts, Counted("forward", bus_id, target_id, 0), count, 0)
        for (second, what, bucket), count in times.items():
            self.window.time(second, what, bucket, count)
