"""The socket's costs to the server: twenty viewers, readers that are stuck, and readers that come and go."""

import asyncio
import json
import time
from contextlib import AsyncExitStack
from math import ceil

from tests.bench.api import Api
from tests.bench.live.rows import Row
from tests.bench.live.stage import BULK, Stage, accepted, cpu_seconds, posting
from tests.bench.parts import running_load, share
from tests.live.reading import Reader, open_socket, resident_bytes, stuck_socket
from tests.live.returning import Returning
from tests.running import Running

VIEWERS = 20
EACH = 7  # sockets to a key: eight may be open
VIEWED_RATE = 5000
STUCK = 7
STUCK_RATE = 1000
DISCONNECTS = 100
EXACT_RATE = 500
SETTLED = 1.0  # s of a load's start that do not count
LONGEST = 300.0  # s


def viewers(stage: Stage) -> list[Row]:
    """What twenty viewers cost beside accepting and routing the same events with none."""
    (alone, _), (viewed, reached) = [asyncio.run(_viewed(stage, many)) for many in (0, VIEWERS)]
    named = f"server's processor, {VIEWERS} viewers at {reached:,.0f}/s"
    return [Row(named, 100 * (viewed - alone), "%", 15, note=f"{100 * alone:.0f} % without viewers")]


async def _viewed(stage: Stage, many: int) -> tuple[float, float]:
    """Return the share of a core that the hub takes with so many viewers of flow and rows, and the rate."""
    keys = [_key(stage.hub, number) for number in range(ceil(many / EACH))]
    async with AsyncExitStack() as sockets:
        reading = []
        for number in range(many):
            reader = Reader(await sockets.enter_async_context(open_socket(stage.hub, keys[number // EACH])))
            await reader.begin()
            await reader.connection.send('{"t":"sub","id":1,"ch":"flow"}')
            reading.append(asyncio.create_task(_acknowledge(reader)))
        with posting(stage.hub, VIEWED_RATE, stage.seconds + 2 * SETTLED, BULK) as load:
            await asyncio.sleep(SETTLED)
            before, began = cpu_seconds(stage.hub.process.pid), time.monotonic()
            await asyncio.sleep(stage.seconds)
            taken = (cpu_seconds(stage.hub.process.pid) - before) / (time.monotonic() - began)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    return taken, load["reached"]


async def _acknowledge(reader: Reader) -> None:
    """Read and acknowledge without working anything in: viewers have machines of their own."""
    while True:
        message = json.loads(await reader.connection.recv())
        if "n" in message:
            await reader.connection.send(json.dumps({"t": "ack", "n": message["n"]}))


def _key(hub: Running, number: int) -> str:
    name = f"viewers-{number}-{time.time_ns()}"
    made = Api(hub).post("/api/keys", {"name": name, "scopes": ["events:read", "rules:read"]})
    return f"{made['id']}.{made['secret']}"


def stuck(stage: Stage) -> list[Row]:
    """What readers that never read cost the server, and those that do."""
    rows = []
    for many in (0, STUCK):
        with posting(stage.hub, STUCK_RATE, stage.seconds):
            rows.append(asyncio.run(_beside(stage, many)))
    (alone, grown_alone), (beside, grown_beside) = rows
    grown = max(0, grown_beside - grown_alone)
    return [
        Row("memory of a client that never reads", grown / STUCK / 2**20, "MiB", 1),
        Row("others' p99 beside it", beside, "ms", max(200, 1.5 * alone), note=f"{alone:.0f} ms without"),
    ]


async def _beside(stage: Stage, many: int) -> tuple[float, int]:
    """Return one reader's p99 from accepted to received (ms) beside stuck ones, and the server's growth."""
    async with open_socket(stage.hub, _key(stage.hub, many)) as connection:
        reader = Reader(connection)
        await reader.begin()
        await reader.read(0.3 * stage.seconds)
        before = resident_bytes(stage.hub)
        reader.delays.clear()
        raws = [await asyncio.to_thread(stuck_socket, stage.hub) for _ in range(many)]
        await reader.read(0.6 * stage.seconds)
        grown = resident_bytes(stage.hub) - before
        for raw in raws:
            raw.close()
        return 1000 * share(sorted(reader.delays), 0.99), grown


def exact(stage: Stage) -> list[Row]:
    """Whether what a reader counted is what the journal holds, after a hundred broken connections."""
    return asyncio.run(_exact(stage))


async def _exact(stage: Stage) -> list[Row]:
    reader = Returning(stage.hub)
    await reader.stay(1)
    since = time.time()
    load = running_load(stage.hub, seconds=LONGEST, rate=EXACT_RATE / 10, batch=10, connections=4)
    try:
        for number in range(DISCONNECTS):
            await reader.stay(1 + number % 3)
    finally:
        load.end()
    while reader.counted < (held := len(accepted(stage.hub, since))) and time.time() - since < LONGEST:
        await reader.stay(1)
    note = f"{reader.counted:,} counted, {held:,} in the journal"
    named = f"counts off after {DISCONNECTS} broken connections"
    return [Row(named, abs(reader.counted - held), "events", 0, note=note)]
