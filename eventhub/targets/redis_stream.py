"""The Redis stream kind: each event as one entry of a stream (XADD)."""

from collections.abc import Mapping
from typing import Any

import redis
from redis.connection import Connection, SSLConnection

from eventhub.domain.fault import ReasonClass
from eventhub.targets.bounded import STUMBLES, Allowance, BoundedSocket
from eventhub.targets.kept import Kept
from eventhub.targets.kind import CallError, CallKind, Field, FieldType, Guard, Order
from eventhub.targets.pinned import resolve
from eventhub.targets.verdict import Decision, Fault, Verdict, of_fault

# What Redis' errors begin with that another time may not say.
PASSING = {"OOM", "LOADING", "READONLY", "BUSY", "CLUSTERDOWN", "MISCONF", "TRYAGAIN"}


class RedisStreamKind(CallKind):
    """Appends ``payload``, ``id``, ``source``, ``detail-type`` and ``message-id`` to a stream."""

    name = "redis-stream"
    title = "Redis stream"
    summary = "Appends each event to a Redis stream, for consumer groups to read."
    fields = (
        Field(
            "host",
            "Server",
            "The name or address of the Redis server.",
            required=True,
            example="redis.example.com",
        ),
        Field("port", "Port", "Where it listens.", FieldType.INTEGER, default=6379, low=1, high=65535),
        Field(
            "tls",
            "TLS",
            "Encrypt the connection and check the server's certificate.",
            FieldType.BOOLEAN,
            default=False,
        ),
        Field("database", "Database", "Its number.", FieldType.INTEGER, default=0, low=0, high=65535),
        Field("user_name", "User name", "Empty: Redis' default user."),
        Field("password", "Password", "Empty: none.", secret=True),
        Field("stream", "Stream", "The stream's key.", required=True, example="orders", high=512),
        Field(
            "max_length",
            "Longest",
            "Keep about so many entries, the newest; 0: all of them.",
            FieldType.INTEGER,
            default=0,
            low=0,
            high=10**9,
        ),
    )

    def __init__(self) -> None:
        self._kept: Kept[redis.Redis] = Kept(lambda client: client.connection_pool.disconnect())

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the stream's address as a URL."""
        scheme = "rediss" if settings.get("tls") else "redis"
        host, port = settings.get("host", ""), settings.get("port", 6379)
        return f"{scheme}://{host}:{port}/{settings.get('database', 0)}/{settings.get('stream', '')}"

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        """Append the entry; return its id."""
        settings = order.settings
        address = resolve(settings["host"], settings["port"], guard)
        entry: dict[Any, Any] = {
            "payload": order.body,
            "content-type": order.content_type,
            "id": str(order.event.id),
            "source": order.event.source,
            "detail-type": order.event.detail_type,
            "message-id": order.message_id,
            **dict(order.traces.w3c),
            **{f"dead-letter-{name}": value for name, value in order.attributes.items()},
        }
        key = (
            address,
            *(settings.get(name) for name in ("host", "port", "tls", "database", "user_name", "password")),
        )
        try:
            with self._kept.lent(key, lambda: _client(order, address)) as client:
                entry_id = client.xadd(
                    settings["stream"], entry, maxlen=settings.get("max_length") or None, approximate=True
                )
        except redis.AuthenticationError as error:
            raise _given_up(error) from error
        except redis.TimeoutError as error:
            raise CallError.of(Fault.TIMEOUT, "Redis did not answer in time") from error
        except redis.ConnectionError as error:
            raise CallError.of(Fault.CONNECT, f"Redis was not reached: {error}") from error
        except redis.ResponseError as error:
            if str(error).split(" ")[0] in PASSING:
                raise CallError(
                    Verdict(Decision.RETRY, f"Redis answered {error}", ReasonClass.RECEIVER)
                ) from error
            raise _given_up(error) from error
        except (redis.RedisError, *STUMBLES) as error:
            raise CallError(of_fault(Fault.NOT_HTTP, f"what answers is no Redis: {error}"[:300])) from error
        return {"entry": entry_id.decode() if isinstance(entry_id, bytes) else str(entry_id)}

    def shown(self, order: Order) -> Mapping[str, object]:
        """Return the stream's address and the size."""
        return {"method": "XADD", "url": self.address(order.settings), "bytes": len(order.body)}


class _PinnedConnection(Connection):
    """Connects to the address that was checked."""

    def __init__(self, *, pinned: str, **options: Any) -> None:
        self._pinned = pinned
        super().__init__(**options)  # type: ignore[no-untyped-call]  # redis leaves it untyped

    def _connect(self) -> Any:
        name, self.host = self.host, self._pinned
        try:
            return super()._connect()  # type: ignore[no-untyped-call]  # as above
        finally:
            self.host = name


class _Bounded:
    """What a connection reads is bounded, answer by answer; comes before its class."""

    def __init__(self, *, answer_seconds: float, **options: Any) -> None:
        self._allowance = Allowance(answer_seconds)
        super().__init__(**options)

    def _connect(self) -> Any:
        self._allowance.begin()
        return BoundedSocket(super()._connect(), self._allowance)  # type: ignore[misc]  # the class after it

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        self._allowance.begin()
        super().send_packed_command(command, check_health)  # type: ignore[misc]  # the class after it


class _Plain(_Bounded, _PinnedConnection):
    """To the address that was checked, within bounds."""


class _Encrypted(_Bounded, SSLConnection, _PinnedConnection):
    """The same, encrypted: SSLConnection asks for the server's name once the next class has connected."""


def _client(order: Order, address: str) -> redis.Redis:
    settings = order.settings
    pool = redis.ConnectionPool(
        connection_class=_Encrypted if settings.get("tls") else _Plain,
        max_connections=1,
        pinned=address,
        answer_seconds=order.timeout_seconds,
        host=settings["host"],
        port=settings["port"],
        db=settings.get("database", 0),
        username=settings.get("user_name") or None,
        password=settings.get("password") or None,
        socket_connect_timeout=order.connect_timeout_seconds,
        socket_timeout=order.timeout_seconds,
    )
    return redis.Redis(connection_pool=pool)


def _given_up(error: redis.RedisError) -> CallError:
    return CallError(Verdict(Decision.GIVE_UP, f"Redis answered {error}", ReasonClass.RECEIVER))
