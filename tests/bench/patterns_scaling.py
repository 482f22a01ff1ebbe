"""How matching grows with the rules of one operator: ``python -m tests.bench.patterns_scaling``.

All rules ask the same field, each with a value of its own; an event satisfies one of them. Cost that grows
with the rules that can match, and not with the rules that exist, is the same in each column: so it is but for
wildcards with a star at both ends, and for anything-but, which all of its rules can match. Times are the
process's own. The last columns tell the longest of some changes among the most rules, adding and removing.
"""

import argparse
import gc
import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from eventhub.domain.pattern import Pattern, RuleIndex, parse

SIZES = [100, 1000, 10_000]
ROUNDS, CHANGES = 5, 100
# An event is matched for so long in each round, and once at least.
ROUND_SECONDS = 0.03
# Of the rules, this one is satisfied.
CHOSEN = 77


class Case(NamedTuple):
    """What rule number `n` asks of the field, and a value for one of them."""

    rule: Callable[[int], list[Any]]
    value: Any


CASES = {
    "a value": Case(lambda n: [f"v{n}"], f"v{CHOSEN}"),
    "a value or absent": Case(lambda n: [f"v{n}", {"exists": False}], f"v{CHOSEN}"),
    "one of 40 values": Case(lambda n: [f"v{n}-{one}" for one in range(40)], f"v{CHOSEN}-7"),
    "prefix": Case(lambda n: [{"prefix": f"{n:06}-"}], f"{CHOSEN:06}-x"),
    "suffix": Case(lambda n: [{"suffix": f"-{n:06}"}], f"x-{CHOSEN:06}"),
    "wildcard a*": Case(lambda n: [{"wildcard": f"{n:06}-*"}], f"{CHOSEN:06}-x"),
    "wildcard *a": Case(lambda n: [{"wildcard": f"*-{n:06}"}], f"x-{CHOSEN:06}"),
    "wildcard *a*": Case(lambda n: [{"wildcard": f"*-{n:06}-*"}], f"x-{CHOSEN:06}-x"),
    "equals-ignore-case": Case(lambda n: [{"equals-ignore-case": f"Name-{n:06}"}], f"nAME-{CHOSEN:06}"),
    "prefix, any case": Case(
        lambda n: [{"prefix": {"equals-ignore-case": f"Name-{n:06}"}}], f"nAME-{CHOSEN:06}-x"
    ),
    "suffix, any case": Case(
        lambda n: [{"suffix": {"equals-ignore-case": f"{n:06}-Name"}}], f"x-{CHOSEN:06}-nAME"
    ),
    "numeric =": Case(lambda n: [{"numeric": ["=", n]}], CHOSEN),
    "numeric range": Case(lambda n: [{"numeric": [">=", n, "<", n + 1]}], CHOSEN),
    "numeric >": Case(lambda n: [{"numeric": [">", n]}], 1),
    "an address": Case(lambda n: [f"10.{n >> 8 & 255}.{n & 255}.1"], f"10.0.{CHOSEN}.1"),
    "cidr": Case(lambda n: [{"cidr": f"10.{n >> 8 & 255}.{n & 255}.0/24"}], f"10.0.{CHOSEN}.9"),
    "anything-but": Case(lambda n: [{"anything-but": {"prefix": f"x{n}"}}], "x"),
}


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    sizes = arguments.parse_args().sizes
    print("µs an event, by rules".ljust(20), *(f"{size:>9,}" for size in sizes), "| add ms | remove ms")
    for name, case in CASES.items():
        lines = [measure(case, size) for size in sizes]
        adding, removing = lines[-1][1:]
        figures = " ".join(f"{line[0]:>9.1f}" for line in lines)
        print(f"{name:<20} {figures} | {adding:>6.2f} | {removing:>9.2f}", flush=True)


def rule(case: Case, number: int) -> Pattern:
    """Make one of the rules."""
    return parse(json.dumps({"source": ["shop"], "detail": {"x": case.rule(number)}}))


def measure(case: Case, size: int) -> tuple[float, float, float]:
    """Return the microseconds that one event takes, and the longest change each way in milliseconds."""
    index = RuleIndex()
    for number in range(size):
        index.add(number, rule(case, number))
    event = {"source": "shop", "detail": {"x": case.value}}
    index.match(event)
    gc.collect()
    gc.freeze()
    times = max(1, round(ROUND_SECONDS / _seconds(lambda: index.match(event))))
    matching = [_seconds(lambda: [index.match(event) for _ in range(times)]) / times for _ in range(ROUNDS)]
    adding, removing = [], []
    for number in range(size, size + CHANGES):
        pattern = rule(case, number)
        adding.append(_seconds(lambda: index.add(number, pattern)))  # noqa: B023 - called at once
        removing.append(_seconds(lambda: index.remove(number - CHANGES // 2)))  # noqa: B023 - called at once
    gc.unfreeze()
    return 1e6 * median(matching), 1000 * max(adding), 1000 * max(removing)


def _seconds(act: Callable[[], Any]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


if __name__ == "__main__":
    main()
