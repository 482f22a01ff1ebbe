"""Schemathesis over the whole document, against a running hub: no 5xx, nothing undocumented."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from eventhub.api.openapi.resources.archives import ARCHIVE
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.replays import REPLAY_NAME
from eventhub.api.openapi.resources.rules import PATTERN, RULE_ID, TARGET
from tests.running import Running, running_hub
from tests.until import until

pytestmark = [pytest.mark.whole, pytest.mark.timeout(180)]

SECONDS, MOST_SECONDS = 45, 90  # told to it, and what it may take to end
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)


# The event doors answer 202 and refuse each entry alone.
CONFIG = "\n".join(
    (
        "[checks]",
        "enabled = false",
        *(f"{check}.enabled = true" for check in CHECKS),
        *(
            f"""[[operations]]
include-name = "POST /api/buses/{{bus}}/{door}"
checks.negative_data_rejection.enabled = false"""
            for door in ("events", "cloudevents")
        ),
    )
)


def furnish(hub: Running) -> None:
    """Make what the examples name, over REST, so that they are found."""
    with httpx.Client(base_url=f"{hub.url}/api", headers={"Authorization": f"Bearer {hub.key}"}) as api:

        def post(path: str, **body: Any) -> None:
            response = api.post(path, json=body)
            assert response.is_success, response.text

        post("/buses", name=BUS)
        secrets, config = {"password": "p"}, {"user_name": "eventhub"}
        post("/connections", name="crm", auth="basic", config=config, secrets=secrets)
        post("/api-destinations", name="crm-orders", connection="crm", endpoint="https://crm.example.com/*")
        post("/targets", name=TARGET, url="http://127.0.0.1:9/orders", max_attempts=1)
        for number in range(1, RULE_ID):
            post("/rules", bus=BUS, name=f"filler-{number}", pattern=PATTERN, enabled=False)
        post("/rules", bus=BUS, name="big-orders", pattern=PATTERN, targets=[TARGET])
        post("/archives", name=ARCHIVE, bus=BUS)
        window = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
        post("/replays", name=REPLAY_NAME, archive=ARCHIVE, **window)
        detail = {"order": "W-1041", "amount": 120}
        post(
            f"/buses/{BUS}/events", **{"source": "shop.web", "detail-type": "Order Placed", "detail": detail}
        )
        until(lambda: api.get("/dead-letters").json()["items"], what="a dead letter")
        post("/redrives", filter={"target": TARGET}, rate_per_second=0.1)


def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    with running_hub(tmp_path / "data") as hub:
        furnish(hub)
        (tmp_path / "schemathesis.toml").write_text(CONFIG)
        began = time.monotonic()
        done = subprocess.run(
            [
                Path(sys.executable).parent / "st",
                "run",
                f"{hub.url}/api/schema/",
                f"--header=Authorization: Bearer {hub.key}",
                "--exclude-path-regex=/stream$",  # it does not end by itself
                "--phases=examples,coverage,fuzzing",
                f"--max-time={SECONDS}",
                "--request-timeout=20",
                "--workers=1",  # two threads parse Python's own text at once, which this Python cannot
                "--continue-on-failure",
                "--suppress-health-check=all",
                "--warnings=off",
                "--seed=1",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.monotonic() - began

        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
        assert "failed" not in hub.log(), hub.log()[-5_000:]
    assert took < MOST_SECONDS
