"""How many events a second the pattern index matches: ``python -m tests.bench.patterns``.

From the event's bytes, in one process, beside the plain loop over all rules. Each line is measured in a
process of its own, so that its peak of memory is its own; the answers are compared with the plain matcher's
first. Times are the process's own (what other processes take does not count); on a shared machine differences
under a half mean little all the same.
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from eventhub.domain import jsontext
from eventhub.domain.pattern import RuleIndex, matches, parse
from tests.bench.pattern_workload import Workload, workload

SIZES = [1, 100, 1000, 10_000, 100_000]
TYPES = ["distinct", "shared"]
ROUNDS = 7
# The plain loop is stopped after so many seconds: with many rules a round would take minutes.
PLAIN_SECONDS = 2.0
HEADER = "types      rules | index events/s | load s |  MiB | add, remove ms | plain loop events/s"


def main() -> None:
    """Print the table, or with ``--one`` measure one line and print it as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--types", choices=["distinct", "shared"], nargs="*", default=["distinct", "shared"]
    )
    arguments.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    arguments.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = arguments.parse_args()
    if chosen.one:
        print(json.dumps(measure(chosen.sizes[0], chosen.types[0])))
        return
    print(HEADER, flush=True)
    for types in chosen.types:
        for size in chosen.sizes:
            command = [sys.executable, "-m", "tests.bench.patterns", "--one", "--types", types]
            line = subprocess.run([*command, "--sizes", str(size)], check=True, capture_output=True)
            print(as_row(types, size, json.loads(line.stdout)), flush=True)


def as_row(types: str, size: int, line: dict[str, Any]) -> str:
    """Lay a line out under the header."""
    changes = f"{line['add_ms']:6.2f}, {line['remove_ms']:6.2f}"
    figures = f"{line['index']:>14,.0f} | {line['load_seconds']:>6.2f} | {line['mib']:>4.0f}"
    return f"{types:<8} {size:>7} | {figures} | {changes:>14} | {line['plain']:>19,.1f}"


def measure(size: int, types: str) -> dict[str, float]:
    """Load the rules, check the answers, and take the median of some rounds."""
    load = workload(size, types=types)
    index = RuleIndex()
    began = time.process_time()
    for rule_id, text in load.patterns.items():
        index.add(rule_id, parse(text))
    load_seconds = time.process_time() - began
    for event, expected in zip(load.events, load.expected, strict=True):
        found = index.match(jsontext.decode(event)).rule_ids
        assert found == expected, (found, expected, event)
    gc.collect()
    gc.freeze()
    rounds = [len(load.events) / _seconds(lambda: _match_all(index, load.events)) for _ in range(ROUNDS)]
    add_ms, remove_ms = _changes(index, load)
    return {
        "index": median(rounds),
        "load_seconds": load_seconds,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "add_ms": add_ms,
        "remove_ms": remove_ms,
        "plain": _plain(load),
    }


def _changes(index: RuleIndex, load: Workload) -> tuple[float, float]:
    """Return the longest of some hundred changes each way, in milliseconds."""
    adding, removing = [], []
    for rule_id, text in list(load.patterns.items())[:300]:
        pattern = parse(text)
        removing.append(_seconds(lambda: index.remove(rule_id)))  # noqa: B023 - called at once
        adding.append(_seconds(lambda: index.add(rule_id, pattern)))  # noqa: B023 - called at once
    return 1000 * max(adding), 1000 * max(removing)


def _plain(load: Workload) -> float:
    patterns = [parse(text) for text in load.patterns.values()]
    ends_at = time.process_time() + PLAIN_SECONDS
    began, count = time.process_time(), 0
    for text in load.events:
        event = jsontext.decode(text)
        for pattern in patterns:
            matches(pattern, event)
        count += 1
        if time.process_time() > ends_at:
            break
    return count / (time.process_time() - began)


def _match_all(index: RuleIndex, events: list[bytes]) -> None:
    for event in events:
        index.match(jsontext.decode(event))


def _seconds(act: Callable[[], Any]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


if __name__ == "__main__":
    main()
