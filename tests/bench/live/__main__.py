"""Print the live dashboard's budget with what this machine measures."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.live.figuring import backtest, layout
from tests.bench.live.heap import heap
from tests.bench.live.loading import loading
from tests.bench.live.rows import Row
from tests.bench.live.seen import at_1000, at_10000, calm
from tests.bench.live.sockets import exact, stuck, viewers
from tests.bench.live.stage import Stage, set_up

PARTS: dict[str, Callable[[Stage], list[Row]]] = {
    "loading": loading,
    "seen": at_1000,
    "seen-10000": at_10000,
    "calm": calm,
    "viewers": viewers,
    "stuck": stuck,
    "exact": exact,
    "layout": layout,
    "backtest": backtest,
    "heap": heap,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*PARTS], action="append", help="one part; may be given again")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each load lasts")
    parser.add_argument(
        "--minutes", type=float, default=3.0, help="how long the heap is watched; 30 tells more"
    )
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, Chromium without a GPU, daphne, SQLite FULL; load before: {load:.1f}")
    missed = 0
    for name in options.only or PARTS:
        began = time.monotonic()
        with (
            tempfile.TemporaryDirectory() as folder,
            set_up(Path(folder) / "hub", options.seconds, options.minutes) as stage,
        ):
            rows = PARTS[name](stage)
        print(f"\n{name} ({(PARTS[name].__doc__ or '').strip()} {time.monotonic() - began:.0f} s)")
        for row in rows:
            print(f"  {row.text()}", flush=True)
        missed += sum(not row.is_ok for row in rows)
    print(f"\n{missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
