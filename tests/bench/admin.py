"""How long the admin's pages take with 2,000 rules and 2 million events: none longer than 300 ms.

``python -m tests.bench.admin`` makes an installation in a temporary directory, starts a hub on it, signs in
and asks each page several times, one after the other. Events come from the search benchmark's generator, with
an attempt for each delivery; each rule and target has a row of rollups for each minute of the last hour.
"""

import argparse
import http.cookiejar
import json
import os
import re
import sqlite3
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path

from tests.bench.search_data import fill_sqlite
from tests.running import Running, running_hub

RULES, TARGETS, BUSES, MINUTES = 2_000, 200, 5, 60
LIMIT_MS = 300
USER, PASSWORD = "ada", "a-password-for-benches-1815"
PAGES = {
    "index": "/admin/",
    "rules": "/admin/eventhub/rule/",
    "rules, page 15": "/admin/eventhub/rule/?p=15",
    "rules, by target's kind": "/admin/eventhub/rule/?kind=webhook",
    "rules, search": "/admin/eventhub/rule/?q=target-17",
    "a rule": "/admin/eventhub/rule/100/change/",
    "targets": "/admin/eventhub/target/",
    "targets, unused": "/admin/eventhub/target/?used=no",
    "a target": "/admin/eventhub/target/20/change/",
    "buses": "/admin/eventhub/bus/",
    "audit trail": "/admin/eventhub/auditentry/",
    "events": "/admin/journal/eventrow/",
    "events of a rare bus": "/admin/journal/eventrow/?bus=5",
    "an event": "/admin/journal/eventrow/1000000/change/",
    "deliveries": "/admin/journal/outcomerow/",
    "deliveries, dead": "/admin/journal/outcomerow/?state=dead",
    "deliveries, none such": "/admin/journal/outcomerow/?state=loop",
    "attempts": "/admin/journal/attemptrow/",
    "attempts, none such": "/admin/journal/attemptrow/?reason_class=ours&bus=5",
    "dead letters": "/admin/journal/deadletterrow/",
    "dead letters, redriven": "/admin/journal/deadletterrow/?redriven=yes",
}


def main() -> int:
    """Make, measure, print; return 1 if a page took longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--samples", type=int, default=15)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {options.events:,} events, {RULES:,} rules, {TARGETS} targets")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        began = time.monotonic()
        settings = {"EVENTHUB_ADMIN_USER": USER, "EVENTHUB_ADMIN_PASSWORD": PASSWORD}
        with running_hub(data, **settings) as made:
            made.stop()
            configure(data / "eventhub.sqlite3")
            for file in data.glob("journal.sqlite3*"):
                file.unlink()
            fill_sqlite(data / "journal.sqlite3", options.events).close()
            attempt_all(data / "journal.sqlite3")
            print(f"made in {time.monotonic() - began:.0f} s")
            made.start()
            return measure(made, options.samples)


def configure(path: Path) -> None:
    """Make buses, targets, and rules with two versions and one target each, by SQL."""
    now = "2026-01-01 00:00:00"
    with closing(sqlite3.connect(path)) as db, db:
        columns = {
            table: {row[1]: row[2] for row in db.execute(f"PRAGMA table_info({table})")}
            for table in ("eventhub_bus", "eventhub_rule", "eventhub_target", "eventhub_ruletarget")
        }

        def insert(table: str, **values: object) -> None:
            filled = {
                name: values.get(name, _default(sort, now)) for name, sort in columns[table].items()
            } | values
            marks = ", ".join("?" * len(filled))
            db.execute(
                f"INSERT OR REPLACE INTO {table} ({', '.join(filled)}) VALUES ({marks})",
                tuple(filled.values()),
            )

        for number in range(2, BUSES + 1):
            insert(
                "eventhub_bus",
                id=number,
                name=f"bus-{number}",
                sensitive="[]",
                policy="[]",
                tags="{}",
                told="{}",
            )
        for number in range(1, TARGETS + 1):
            insert(
                "eventhub_target", id=number, name=f"target-{number}", kind="webhook", config="{}", enabled=1,
                url=f"http://127.0.0.1:9/{number}", max_in_flight=32, payload_format="eventbridge",
                schedule="exponential", max_attempts=185, max_age_seconds=86_400, timeout_seconds=15,
                connect_timeout_seconds=10, circuit_wait_seconds=30, bus_id=None, api_destination_id=None,
                connection_id=None, dead_letter_target_id=None, rate_per_second=None, sealed=None,
            )  # fmt: skip
        for number in range(1, RULES + 1):
            pattern = (
                f'{{"source": ["shop.{number}"], "detail": {{"amount": [{{"numeric": [">", {number}]}}]}}}}'
            )
            insert(
                "eventhub_rule", id=number, bus_id=number % BUSES + 1, name=f"rule-{number}", pattern=pattern,
                schedule_expression="", enabled=1, tags="{}", told="{}",
            )  # fmt: skip
            insert(
                "eventhub_ruletarget", id=number, rule_id=number, transform=None,
                target_id=number % TARGETS + 1, identifier=f"target-{number % TARGETS + 1}", told="{}",
            )  # fmt: skip


def _default(sort: str, now: str) -> object:
    sort = sort.lower()
    if "datetime" in sort:
        return now
    return 0 if any(word in sort for word in ("int", "bool", "real")) else ""


def attempt_all(path: Path) -> None:
    """Give each settled delivery an attempt, and each rule and target its minutes."""
    minute = int(time.time()) // 60 * 60
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA synchronous=OFF")
        db.execute(
            "INSERT INTO attempt (seq, event_id, delivery_id, bus_id, rule_id, target_id, number, state,"
            " started_at, ended_at, accepted_at, status, error, reason_class, phases, request, response)"
            " SELECT seq, event_id, seq, bus_id, rule_id, target_id, 1, state, first_at, last_at,"
            " accepted_at, 200, '', '', '{}', '{}', '{}' FROM outcome WHERE state <> 'pending'"
        )
        rows = []
        for back in range(MINUTES):
            at = minute - back * 60
            for rule in range(1, RULES + 1):
                bus, target = rule % BUSES + 1, rule % TARGETS + 1
                rows.append((60, at, "match", bus, "", rule, 0, 10 + rule % 7, 0))
                rows.append((60, at, "attempt", bus, "", rule, target, 10 + rule % 7, rule % 3))
            rows += [
                (60, at, kind, bus, "", 0, 0, 4_000, 9)
                for kind in ("accepted", "attempted", "unmatched")
                for bus in range(1, BUSES + 1)
            ]
        db.executemany(
            "INSERT INTO rollup (grain, at, kind, bus_id, text, a, b, count, failed)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        # All of it is rolled up and routed.
        newest = [
            db.execute(f"SELECT coalesce(max(seq), 0) FROM {table}").fetchone()[0]
            for table in ("event", "routing", "attempt", "dead_letter")
        ]
        rolled = json.dumps([[0, seq] for seq in newest], separators=(",", ":"))
        db.execute("UPDATE meta SET value = ? WHERE name = 'rolled'", (rolled,))
        db.execute(
            "INSERT OR REPLACE INTO cursor (bus_id, seq) SELECT DISTINCT bus_id, ? FROM event", (newest[0],)
        )
        db.execute("ANALYZE")


def measure(hub: Running, samples: int) -> int:
    """Ask each page and print how long it took."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{hub.url}/sign-in", timeout=60).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None, "no form to sign in"
    given = {"csrfmiddlewaretoken": token[1], "username": USER, "password": PASSWORD, "next": "/admin/"}
    browser.open(f"{hub.url}/sign-in", urllib.parse.urlencode(given).encode(), timeout=60).read()
    slow = 0
    print(f"{'':28}{'first':>10}{'least':>10}{'p50':>10}{'most':>10}{'KiB':>8}")
    for name, address in PAGES.items():
        times, size = [], 0
        for _ in range(samples + 1):
            began = time.monotonic()
            size = len(browser.open(f"{hub.url}{address}", timeout=60).read())
            times.append((time.monotonic() - began) * 1000)
        first, rest = times[0], times[1:]
        slow += statistics.median(rest) > LIMIT_MS
        figures = "".join(f"{took:8.0f}ms" for took in (first, min(rest), statistics.median(rest), max(rest)))
        figures += f"{size / 1024:8.0f}"
        print(f"{name:28}{figures}{'  SLOW' if statistics.median(rest) > LIMIT_MS else ''}", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
