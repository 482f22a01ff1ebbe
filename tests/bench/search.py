"""``make bench-search``: how long a page of a search takes, by kind of query; and what the indexes cost.

A journal of 10 million events on PostgreSQL, of 2 million on SQLite, made for it and deleted afterwards. The
time is that of the journal's answer, 100 events a page, without HTTP. Queries that an index answers have to
stay below 100 ms at p99; all others end at 100 ms and say how far they got.
"""

import argparse
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import psycopg

from eventhub.domain.filter import parse
from eventhub.domain.identity import event_id
from eventhub.journal.port import Journal, NewEvent, Search
from eventhub.journal.postgres import PostgresJournal
from eventhub.journal.sqlite import SqliteJournal
from tests.bench.search_data import fill_postgres, fill_sqlite
from tests.postgres import running_cluster

SEARCHING = (
    "event_source",
    "event_detail_type",
    "event_key",
    "outcome_rule",
    "outcome_target",
    "routing_unmatched",
)
EVENTS = {"postgres": 10_000_000, "sqlite": 2_000_000}
INDEXED = {
    "source, common": lambda dice: f"source:shop.{dice.randrange(5)}",
    "source, rare": lambda dice: f"source:shop.{dice.randrange(150, 199)}",
    "source, glob": lambda dice: f"source:shop.{dice.randrange(10, 19)}*",
    "type": lambda dice: f"type:order.kind-{dice.randrange(60)}",
    "source and type": lambda dice: f"source:shop.{dice.randrange(99)} type:order.kind-{dice.randrange(30)}",
    "source, an hour": lambda dice: (
        f"source:shop.{dice.randrange(50)} after:{dice.randrange(2, 150)}h before:1h"
    ),
    "bus, common": lambda _dice: "bus:orders",
    "bus, 1 of 10,000": lambda _dice: "bus:audit",
    "bus, an old hour": lambda dice: (
        f"bus:web after:{(hours := dice.randrange(20, 150))}h before:{hours - 1}h"
    ),
    "rule": lambda dice: f"rule:rule-{dice.randrange(40)}",
    "target": lambda dice: f"target:target-{dice.randrange(20)}",
    "rule and target": lambda dice: f"rule:rule-{dice.randrange(20)} target:target-{dice.randrange(20)}",
    "status:dead": lambda _dice: "status:dead",
    "status:unmatched": lambda _dice: "status:unmatched",
    "status:failed": lambda _dice: "status:failed",
    "key": lambda dice: f"key:key-{dice.randrange(1, 100_000) * 5}",
    "id": lambda dice: f"id:{UUID(int=dice.getrandbits(128))}",
    "no filter": lambda _dice: "",
}
SCANNED = {
    "detail, 1 of 10": lambda dice: f"detail.amount:>{dice.randrange(8900, 9000)}",
    "detail, 1 of 10,000": lambda dice: f"detail.customer.id:c-{dice.randrange(100_000)}",
    "detail of a rule": lambda dice: f"rule:rule-{dice.randrange(9)} detail.customer.tier:gold",
    "latency:>10s": lambda _dice: "latency:>10s",
    "attempts:>20 (none)": lambda _dice: "attempts:>20",
    "text that is nowhere": lambda dice: f'text:"absent {dice.randrange(99)}"',
    "not delivered": lambda _dice: "-status:delivered",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=[*EVENTS], action="append", help="one of them alone")
    parser.add_argument("--events", type=int, help="fewer or more events than 10 or 2 million")
    parser.add_argument("--samples", type=int, default=100, help="queries of each kind")
    parser.add_argument("--costs", action="store_true", help="instead: what the indexes cost accepting")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores")
    for engine in options.engine or EVENTS:
        if options.costs:
            costs(engine)
            continue
        events = options.events or EVENTS[engine]
        began = time.monotonic()
        with journal_of(engine, events) as journal:
            print(f"\n{engine}, {events:,} events, made in {time.monotonic() - began:.0f} s")
            print(f"{'':24}{'p50':>9}{'p99':>9}{'full pages':>12}{'looked at':>12}")
            for kinds in (INDEXED, SCANNED):
                for kind, make in kinds.items():
                    measure(journal, kind, make, options.samples)
                print()
            go_on(journal)


@contextmanager
def journal_of(engine: str, events: int) -> Iterator[Journal]:
    """Give a journal that is full, and delete it."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            embedded = fill_sqlite(Path(folder) / "journal.sqlite3", events)
            yield embedded
            embedded.close()
        return
    with running_cluster("shared_buffers=512MB", "max_wal_size=8GB", "work_mem=16MB") as cluster:
        journal = fill_postgres(cluster.dsn(), events)
        yield journal
        journal.close()


def measure(journal: Journal, kind: str, make: Callable[[random.Random], str], samples: int) -> None:
    """Time queries of a kind, after some that warm the caches."""
    dice = random.Random(5)
    times, full, shares = [], 0, []
    for number in range(samples + samples // 10):
        asked = Search(parse(make(dice)), time.time_ns() // 1000)
        began = time.monotonic()
        found = journal.search(asked)
        took = time.monotonic() - began
        if number < samples // 10:
            continue
        times.append(took)
        full += not found.timed_out
        shares.append(found.scanned / max(1, found.of))
    figures = f"{statistics.median(times) * 1000:7.1f}ms{quantile(times, 0.99) * 1000:7.1f}ms"
    print(f"{kind:24}{figures}{full / samples:12.0%}{statistics.median(shares):12.2%}", flush=True)


def go_on(journal: Journal) -> None:
    """Follow a search that finds nothing to its end."""
    found, steps, began = None, 0, time.monotonic()
    while found is None or found.next is not None:
        cursor = "" if found is None else found.next or ""
        found = journal.search(Search(parse("text:absent"), time.time_ns() // 1000, cursor=cursor))
        steps += 1
        if steps == 200:
            break
    took = time.monotonic() - began
    print(f"text that is nowhere, going on: {found.scanned:,} of {found.of:,} in {steps} steps, {took:.1f} s")


def costs(engine: str) -> None:
    """Time accepting with and without the indexes of searching."""
    for indexed in (True, False, True, False):
        with empty_journal(engine, indexed=indexed) as journal:
            rate = accepting(journal)
        print(
            f"{engine} {'with' if indexed else 'without'} the indexes: {rate:,.0f} events/s accepted",
            flush=True,
        )


@contextmanager
def empty_journal(engine: str, *, indexed: bool) -> Iterator[Journal]:
    """Give a journal without rows, and perhaps without the indexes of searching."""
    drop = "" if indexed else ";".join(f"DROP INDEX {name}" for name in SEARCHING)
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            embedded = SqliteJournal(Path(folder) / "journal.sqlite3")
            embedded.migrate()
            with closing(sqlite3.connect(Path(folder) / "journal.sqlite3")) as db:
                db.executescript(drop)
            embedded.open()
            yield embedded
            embedded.close()
        return
    with running_cluster("shared_buffers=512MB", "max_wal_size=8GB", "fsync=on") as cluster:
        journal = PostgresJournal(cluster.dsn())
        journal.migrate()
        if drop:
            with psycopg.connect(cluster.dsn(), autocommit=True) as db:
                db.execute(drop.encode())
        journal.open()
        yield journal
        journal.close()


def accepting(journal: Journal, seconds: float = 8.0) -> float:
    """Return how many events a second are accepted, 16 calls of 64 at once."""
    dice, waiting, count, began = random.Random(3), [], 0, time.monotonic()
    while time.monotonic() - began < seconds:
        at = time.time_ns() // 1000
        waiting.append(
            journal.append(
                [
                    NewEvent(
                        event_id(at // 1000, dice.getrandbits(74)),
                        1,
                        "orders",
                        f"shop.{dice.randrange(50)}",
                        f"order.kind-{dice.randrange(30)}",
                        at,
                        at,
                        detail=b'{"order": "W-1041", "amount": 120.5, "customer": {"id": "c-7"}}',
                    )
                    for _ in range(64)
                ]
            )
        )
        count += 64
        if len(waiting) > 16:
            waiting.pop(0).result()
    for future in waiting:
        future.result()
    return count / (time.monotonic() - began)


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


if __name__ == "__main__":
    main()
