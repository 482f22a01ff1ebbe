"""The socket ``/ws/live`` as plain ASGI: who may come in, what they say, and sending to them."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import parse_cookie

from eventhub.access import keys
from eventhub.access.caller import Caller, caller_of_user
from eventhub.access.scopes import Scope
from eventhub.flow import process
from eventhub.live import frames
from eventhub.live.frames import SUBPROTOCOL, CloseCode
from eventhub.live.hub import Hub
from eventhub.live.messages import Ack, Hello, Rate, Refusal, Resync, Sub, Unsub, Vis, read
from eventhub.live.origin import is_ours
from eventhub.live.session import Session

log = logging.getLogger("eventhub.live")

Scope_ = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

RECHECK_SECONDS = 60.0
MESSAGES_PER_SECOND = 10
ACKS_PER_SECOND = 60
OUTBOX = 64  # messages that the server has not taken yet; frames are at most 2 of them


class LiveConsumer:
    """One socket."""

    def __init__(self, scope: Scope_, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        self._hub = cast(Hub, process.parts().hub)
        self._session: Session | None = None
        self._outbox: deque[dict[str, Any]] = deque()
        self._filled = asyncio.Event()
        self._said: deque[float] = deque(maxlen=MESSAGES_PER_SECOND)
        self._acked: deque[float] = deque(maxlen=ACKS_PER_SECOND)

    @classmethod
    def as_asgi(cls) -> Application:
        """Return the application that serves each socket by a consumer of its own."""

        async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            await cls(scope, receive, send).serve()

        return application

    async def serve(self) -> None:
        """Serve the socket until either side closes it."""
        if (await self._receive())["type"] != "websocket.connect":
            return
        offered = SUBPROTOCOL in self._scope.get("subprotocols", ())
        # Accepted even if it is closed at once: a refused handshake gives a page no code to tell people by.
        await self._send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if offered else None})
        refused = await self._refusal(offered)
        if refused is not None:
            await self._send({"type": "websocket.close", "code": int(refused[0]), "reason": refused[1]})
            return
        assert self._session is not None
        tasks = [asyncio.ensure_future(part) for part in (self._listen(), self._speak(), self._recheck())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(self._session)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()  # a bug is not swallowed

    # -- who may come in -------------------------------------------------------------------------

    async def _refusal(self, offered: bool) -> tuple[CloseCode, str] | None:
        """Return why the socket is closed again; None once its session joined the hub."""
        if not offered:
            return CloseCode.VERSION, f"wanted subprotocol {SUBPROTOCOL}"
        origin, bearer = self._headers.get("origin"), self._headers.get("authorization")
        host = self._headers.get("host", "")
        if (origin is None and bearer is None) or (
            origin is not None and not is_ours(origin, scheme=self._scope.get("scheme", "ws"), host=host)
        ):
            fields = {"origin": origin, "host": host, "wanted": settings.PUBLIC_URL}
            log.warning("live.origin_denied", extra={"fields": fields})
            return CloseCode.FORBIDDEN, f"wanted a page of {settings.PUBLIC_URL}"[:123]
        caller = await self._caller()
        if caller is None:
            return CloseCode.SIGNED_OUT, "not signed in"
        if not caller.may(Scope.EVENTS_READ):
            return CloseCode.FORBIDDEN, f"wanted scope {Scope.EVENTS_READ}"
        if not self._hub.has_room_for(caller.who):
            return CloseCode.OVERLOAD, "too many sockets"
        self._session = Session(caller, self._put, self._close)
        self._hub.join(self._session)
        return None

    async def _caller(self) -> Caller | None:
        """Return who is behind the socket, by bearer key or session, as of now."""
        bearer = self._headers.get("authorization")
        if bearer is not None:
            return await keys.ring.bearer_async(bearer)
        session_key = parse_cookie(self._headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
        return await asyncio.to_thread(caller_of_session, session_key) if session_key else None

    async def _recheck(self) -> None:
        """Close the socket of someone who signed out, was deactivated, or whose key ended."""
        assert self._session is not None
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            caller = await self._caller()
            if caller is None:
                self._close(CloseCode.SIGNED_OUT, "signed out")
            elif caller.buses(Scope.EVENTS_READ) != self._session.caller.buses(Scope.EVENTS_READ):
                self._close(CloseCode.FORBIDDEN, "permissions changed")

    # -- sending ----------------------------------------------------------------------------------

    def _put(self, text: str) -> None:
        if len(self._outbox) < OUTBOX:
            self._outbox.append({"type": "websocket.send", "text": text})
            self._filled.set()
        else:
            self._close(CloseCode.SLOW, "does not read")

    def _close(self, code: CloseCode, reason: str) -> None:
        self._outbox.clear()  # whoever is closed needs no more news
        self._outbox.append({"type": "websocket.close", "code": int(code), "reason": reason})
        self._filled.set()

    async def _speak(self) -> None:
        """Send what was put, until a close was sent."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._outbox:
                message = self._outbox.popleft()
                await self._send(message)
                if message["type"] == "websocket.close":
                    return

    # -- listening ---------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Follow what the page says, until it goes."""
        while (event := await self._receive())["type"] != "websocket.disconnect":
            text = event.get("text")
            message = Refusal("not-text", "wanted a text message") if text is None else read(text)
            refusal = message if isinstance(message, Refusal) else None
            counted = self._acked if isinstance(message, Ack) else self._said
            if _too_often(counted):
                self._close(CloseCode.OVERLOAD, "too many messages")
                continue
            if refusal is None:
                refusal = await self._follow(cast(Any, message))
            if refusal is not None:
                number, at = refusal.number, refusal.at
                self._put(frames.error(refusal.code, refusal.message, number=number, at=at))

    async def _follow(self, message: Hello | Sub | Unsub | Resync | Ack | Vis | Rate) -> Refusal | None:
        session = self._session
        assert session is not None
        if not session.greeted and not isinstance(message, Hello):
            return Refusal("hello-first", 'wanted {"t":"hello"} first', getattr(message, "id", None))
        try:
            if isinstance(message, Hello):
                await self._hub.greet(session)
                return None
            if isinstance(message, Sub):
                return await self._hub.subscribe(session, message)
        except Exception as error:  # a journal that is away, whatever its engine raises
            log.exception("live.reading_failed", exc_info=error)
            self._close(CloseCode.OVERLOAD, "the journal cannot be read now")
            return None
        return self._adjust(session, message)

    def _adjust(self, session: Session, message: Unsub | Resync | Ack | Vis | Rate) -> Refusal | None:
        refusal = None
        if isinstance(message, Unsub):
            if not session.unsubscribe(message.id, time.time()):
                refusal = Refusal(
                    "unknown-subscription", f"there is no subscription {message.id}", message.id
                )
        elif isinstance(message, Resync):
            subscription = session.subscriptions.get(message.id)
            if subscription is None:
                refusal = Refusal(
                    "unknown-subscription", f"there is no subscription {message.id}", message.id
                )
            else:
                subscription.why = "resync"
        elif isinstance(message, Ack):
            if not session.acknowledge(message.n):
                return Refusal("bad-message", f"there was no frame {message.n}")
        elif isinstance(message, Vis):
            session.visible = bool(message.v)
        else:
            session.hz = message.hz
        self._hub.served(session)
        return refusal


def _too_often(moments: deque[float]) -> bool:
    """Note one more message; True if the whole deque fell into the last second."""
    now = time.monotonic()
    full = len(moments) == moments.maxlen and moments[0] > now - 1
    moments.append(now)
    return full


def caller_of_session(session_key: str) -> Caller | None:
    """Return the signed-in user of a session, checked as Django's middleware does."""
    try:
        user = get_user(cast(Any, SimpleNamespace(session=SessionStore(session_key))))
        return caller_of_user(user)
    finally:
        close_old_connections()
