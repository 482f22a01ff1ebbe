"""What is worked out: the layout of a large graph, and a backtest of a pattern."""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from tests.bench.api import Api
from tests.bench.live.rows import Row
from tests.bench.live.stage import Stage, posting

EVENTS = 10_000
BACKTESTS = 5


def layout(_stage: Stage) -> list[Row]:
    """Place 500 rules with their sources, buses and targets."""
    node = Path(sys.executable).with_name("node")
    ran = subprocess.run(
        [node, Path(__file__).with_name("layout.mjs")], capture_output=True, text=True, check=True
    )
    took = json.loads(ran.stdout)
    return [
        Row("layout of 500 rules, median", took["median"], "ms", 30),
        Row("layout of 500 rules, most (the first)", took["most"], "ms"),
    ]


def backtest(stage: Stage) -> list[Row]:
    """Hold a pattern against the newest 10,000 events, over HTTP."""
    with posting(stage.hub, 2000, 1.2 * EVENTS / 2000):
        pass
    api, took = Api(stage.hub), []
    asked = {"bus": "default", "pattern": {"detail": {"amount": [{"numeric": [">", 100]}]}}, "last": EVENTS}
    for _ in range(BACKTESTS):
        began = time.monotonic()
        report = api.post("/api/rules/backtest", asked)
        took.append(1000 * (time.monotonic() - began))
        assert report["scanned"] == EVENTS, report["scanned"]
    return [Row("backtest of 10,000 events", median(took), "ms", 500)]
