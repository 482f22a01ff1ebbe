"""The door: who asks for a stream, of what and from where, and how it is refused."""

import asyncio
from contextlib import suppress
from typing import cast

import django.db

from eventhub.api import exchange, gate
from eventhub.api.errors import PlaceError
from eventhub.api.exchange import Receive, Send
from eventhub.api.gate import RefusedError
from eventhub.api.stream.asked import read_query
from eventhub.api.stream.masking import check_asked, masked_now
from eventhub.api.stream.reader import Reader
from eventhub.api.stream.start import NoSuchEventError, place_of
from eventhub.api.stream.streams import Streams
from eventhub.api.stream.who import caller_of, check_may
from eventhub.flow.process import parts
from eventhub.journal.port import JournalUnavailable

_PREFIX, _SUFFIX = len("/api/buses/"), len("/stream")


async def stream(scope: exchange.Scope, receive: Receive, send: Send) -> None:
    """Answer one GET of the events of the bus that the path names."""
    try:
        reader = await _reader(scope, send)
    except RefusedError as refused:
        await gate.refuse(send, refused)
        return
    except (django.db.Error, JournalUnavailable) as error:
        text = f"The events cannot be read now: {type(error).__name__}. Try again."
        await gate.refuse(send, RefusedError(503, "unavailable", text, [(b"retry-after", b"1")]))
        return
    tasks = [asyncio.ensure_future(reader.serve()), asyncio.ensure_future(_gone(receive))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        reader.leave()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        with suppress(ConnectionResetError):  # the server says so where nobody listens
            task.result()


async def _reader(scope: exchange.Scope, send: Send) -> Reader:
    """Return the reader that a request makes; raises RefusedError, or what the databases raise."""
    headers = exchange.headers_of(scope)
    caller = await caller_of(headers)
    bus: str = scope["path"][_PREFIX:-_SUFFIX]
    bus_id = check_may(caller, parts().keeper.current.buses.get(bus))
    asked = read_query(scope.get("query_string", b""), headers.get(b"last-event-id", b""))
    streams = cast(Streams, parts().streams)
    check_asked(asked, await streams.apart(masked_now, caller, bus_id))
    news = None if streams.stopping else streams.join(caller.who)
    if news is None:
        text = "You have as many streams as you may, or all are in use: end one, or try again."
        raise RefusedError(429, "busy", text, [(b"retry-after", b"5")])
    try:
        place = await streams.apart(place_of, asked, bus_id, streams.journal)
    except NoSuchEventError as error:
        streams.leave(news)
        message = f"there is no event {error} on this bus (any more)"
        where = [PlaceError(path="start", message=message)]
        raise RefusedError(400, "invalid", f"start: {message}.", errors=where) from None
    except BaseException:
        streams.leave(news)
        raise
    return Reader(bus, bus_id, caller, asked, place, headers=headers, send=send, streams=streams, news=news)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
