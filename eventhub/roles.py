"""The roles of a process: which parts it runs, in which order they start and end.

========  =======================  ========================================  ==================
role      web side                 background                                database
========  =======================  ========================================  ==================
hub       acceptor, live, server   router, redriver, deliverer, retainer     embedded or not
web       acceptor, live, server                                             PostgreSQL
worker                             router, redriver, deliverer, retainer     PostgreSQL
========  =======================  ========================================  ==================

Ending goes the other way: stop listening, finish requests in flight, give leases back, commit what was handed
to the journal, close it. A second Ctrl-C ends the process at once, which loses nothing either: what was
acknowledged is durable, and leases run out.
"""

import asyncio
import contextlib
import gc
import importlib
import logging
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from eventhub import environment
from eventhub.access import keys
from eventhub.access.bootstrap import bootstrap
from eventhub.access.last_use import LastUse
from eventhub.flow import process
from eventhub.flow.accept import Acceptor
from eventhub.flow.deliver import Deliverer
from eventhub.flow.process import Parts
from eventhub.flow.redrive import Redriver
from eventhub.flow.replay import Replayer
from eventhub.flow.retain import Retainer
from eventhub.flow.rollup import Roller
from eventhub.flow.route import Router
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.flow.schedule import Scheduler
from eventhub.journal import open_journal
from eventhub.journal.port import Journal
from eventhub.live.hub import Hub
from eventhub.models import DEFAULT_BUS, Bus, act_as_itself
from eventhub.server.limits import Limits

log = logging.getLogger("eventhub.roles")

# Python looks for cycles after each 700 new objects, which are a dozen events; most of what we make has none.
COLLECT_AFTER = (10_000, 10, 10)
# Python lets a busy thread run for 5 ms; the committer and the event loop must take turns more often.
SWITCH_SECONDS = 0.0005
# The C decoder of JSON counts its levels against this, beside the frames below it: with room for the 1,000
# that `detail` may have it never leaves such text to the slow reader, which would hold the loop for seconds.
RECURSION_LIMIT = 2500
FINISH_SECONDS = 5.0  # for requests in flight, and again for attempts in flight
HEARTBEAT_SECONDS = 60.0
SERVERS = {"daphne": "eventhub.server.run", "uvicorn": "eventhub.server.uvicorn"}


class Role(StrEnum):
    """What a process is for."""

    HUB = "hub"  # everything in one process
    WEB = "web"  # accepts and shows
    WORKER = "worker"  # routes and delivers


class NotReadyError(Exception):
    """The role cannot start; the text says why and what to do."""


class Background(Protocol):
    """A part with a thread of its own."""

    def start(self) -> None: ...  # noqa: D102 - as it says
    def stop(self, timeout_seconds: float) -> None: ...  # noqa: D102 - waits so many seconds for its thread


@dataclass(frozen=True, slots=True)
class Address:
    """Where a web side listens, and on which server."""

    listening: socket.socket
    server: str  # one of SERVERS


def check_role(role: Role) -> None:
    """Raise NotReadyError unless the databases are there for this role, with all their tables."""
    if role is not Role.HUB and settings.EMBEDDED:
        raise NotReadyError(
            f"{role} shares its databases with other processes and cannot use the embedded ones: set "
            "EVENTHUB_DATABASE_URL to a PostgreSQL, or run everything in one process with `manage.py hub`"
        )
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReadyError("the database's tables are not up to date: run `manage.py migrate` first")


def prepare() -> None:
    """Make what every installation has: the default bus, and the credentials that the settings name."""
    act_as_itself()
    Bus.objects.get_or_create(name=DEFAULT_BUS)
    bootstrap()


def apply_address(host: str, port: int) -> None:
    """Make the settings that follow from the address agree with where we really listen.

    Options may differ from the environment, and port 0 is known only once it is bound. A public address that
    the environment gives stays as it is.
    """
    settings.HOST, settings.PORT = host, port
    settings.LISTENS_ON_LOOPBACK = is_loopback(host)
    if not environment.text("PUBLIC_URL"):
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
        settings.PUBLIC_URL = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
        settings.CSRF_TRUSTED_ORIGINS = [settings.PUBLIC_URL]
        if shown not in settings.ALLOWED_HOSTS:
            settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, shown]


def run(role: Role, address: Address | None, announce: Callable[[], None]) -> None:
    """Run a role until it is told to end; ``announce`` is called once it takes requests or works."""
    sys.setswitchinterval(SWITCH_SECONDS)
    sys.setrecursionlimit(RECURSION_LIMIT)
    raise_file_limit()
    with contextlib.ExitStack() as ending:
        journal = open_journal()
        ending.callback(journal.close)
        keeper = RulebookKeeper()
        keeper.start()
        ending.callback(keeper.stop)
        keys.ring.follow(keeper.on_other_change)
        ending.callback(keys.ring.unfollow)
        ending.callback(process.uninstall)
        if role is not Role.WEB:
            for part in background(journal, keeper):
                part.start()
                ending.callback(part.stop, FINISH_SECONDS)
        if address is None:
            process.install(Parts(journal, keeper))
            spare_what_stays()
            announce()
            wait_with_heartbeat(journal)
        else:
            serve(address, journal, keeper, announce)
        log.info("role.ending", extra={"fields": {"role": str(role)}})
    connections.close_all()


def background(journal: Journal, keeper: RulebookKeeper) -> list[Background]:
    """Return the parts that route, redrive, replay, deliver, roll up and prune."""
    return [
        Retainer(journal),
        Deliverer(journal, keeper),
        Redriver(journal, keeper),
        Replayer(journal, keeper),
        Roller(journal),
        Router(journal, keeper),
        Scheduler(journal),
    ]


def serve(address: Address, journal: Journal, keeper: RulebookKeeper, announce: Callable[[], None]) -> None:
    """Serve HTTP and WebSockets until told to end."""
    limits = Limits.for_entries(
        max_entry_bytes=settings.MAX_ENTRY_BYTES, max_connections=settings.MAX_CONNECTIONS
    )
    # Imported only here: a worker needs neither, and importing our daphne installs its reactor.
    chosen = importlib.import_module(SERVERS[address.server])
    from eventhub.api.stream import Streams
    from eventhub.asgi import application

    async def main() -> None:
        loop = asyncio.get_running_loop()
        hub = Hub(journal, keeper)
        streams = Streams(journal)
        process.install(Parts(journal, keeper, Acceptor(journal, keeper, loop), hub, streams))
        told = asyncio.Event()
        with told_to_end(lambda: loop.call_soon_threadsafe(told.set)):
            await hub.start()
            server = chosen.Server(application, limits)
            await server.start(address.listening)
            spare_what_stays()
            announce()
            await told.wait()
            await hub.stop()
            streams.stop()
            await server.stop(FINISH_SECONDS)
            streams.close()

    last_use = LastUse(keys.ring)
    last_use.start()
    try:
        chosen.run(main())
    finally:
        last_use.stop(FINISH_SECONDS)


def spare_what_stays() -> None:
    """Let the garbage collector pass over what is loaded by now and stays: all of our code and rules.

    Going through it takes 100 ms, in which nothing else runs, and comes in the middle of the work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def wait_with_heartbeat(journal: Journal) -> None:
    """Wait until told to end, saying once a minute that the worker lives and what lies before it."""
    told = threading.Event()
    with told_to_end(told.set):
        while not told.wait(HEARTBEAT_SECONDS):
            try:
                health = journal.health()
            except Exception as error:  # the database is away: that is news, not the end
                log.warning("worker.alive", extra={"fields": {"journal": type(error).__name__}})
            else:
                fields = {"unrouted": health.unrouted, "pending": health.pending}
                log.info("worker.alive", extra={"fields": fields})


@contextlib.contextmanager
def told_to_end(tell: Callable[[], object]) -> Iterator[None]:
    """Call ``tell`` at the first SIGINT or SIGTERM; the second ends the process as if we were not here."""

    def first(_number: int, _frame: Any) -> None:
        for number in before:
            signal.signal(number, signal.SIG_DFL)
        tell()

    before = {number: signal.signal(number, first) for number in (signal.SIGINT, signal.SIGTERM)}
    yield


def raise_file_limit() -> None:
    """Allow as many open files as the system lets us: each connection, attempt and database is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches ``host``."""
    return host == "localhost" or host.startswith("127.") or host == "::1"
