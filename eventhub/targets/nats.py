"""The NATS kind: each event as one message on a subject, by JetStream confirmed and deduplicated."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine, Mapping
from functools import cache
from typing import Any, TypeVar

from eventhub.domain.fault import ReasonClass
from eventhub.targets.bounded import MAX_ANSWER_BYTES, STUMBLES
from eventhub.targets.extra import missing_extra
from eventhub.targets.kept import Kept
from eventhub.targets.kind import CallError, CallKind, Field, FieldType, Guard, Order
from eventhub.targets.pinned import resolve
from eventhub.targets.verdict import Decision, Fault, Verdict, of_fault

T = TypeVar("T")


def check_subject(text: str) -> None:
    """Raise ValueError unless ``text`` is a subject that can be published to, words in braces filled in."""
    parts = text.split(".")
    if not all(parts) or any(one.isspace() or not one.isprintable() or one in "*>" for one in text):
        raise ValueError(f"wanted words separated by dots, without blanks, * and >, found {text!r}")


class NatsKind(CallKind):
    """Publishes to a JetStream stream (the default), or to whoever listens just now."""

    name = "nats"
    title = "NATS"
    summary = "Publishes each event on a NATS subject, by default to a JetStream stream that confirms it."
    extra = "nats"
    fields = (
        Field(
            "host",
            "Server",
            "The name or address of the NATS server.",
            required=True,
            example="nats.example.com",
        ),
        Field("port", "Port", "Where it listens.", FieldType.INTEGER, default=4222, low=1, high=65535),
        Field(
            "tls",
            "TLS",
            "Encrypt the connection and check the server's certificate.",
            FieldType.BOOLEAN,
            default=False,
        ),
        Field("user_name", "User name", "Empty: none, or a token."),
        Field("password", "Password or token", "For the user name, or alone: a token.", secret=True),
        Field(
            "subject",
            "Subject",
            "{source}, {detail-type} and {bus} are filled in; what a subject may not hold becomes _.",
            default="events.{source}.{detail-type}",
            high=255,
            check=check_subject,
        ),
        Field(
            "jetstream",
            "JetStream",
            "Wait until a stream has stored it. Without, a message that nobody listens to is lost.",
            FieldType.BOOLEAN,
            default=True,
        ),
    )

    def __init__(self) -> None:
        self._kept: Kept[Any] = Kept(_close)

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the subject's address as a URL."""
        scheme = "tls" if settings.get("tls") else "nats"
        where = f"{settings.get('host', '')}:{settings.get('port', 4222)}"
        return f"{scheme}://{where}/{settings.get('subject', '')}"

    def missing(self) -> str:
        """Name the extra unless its client is installed."""
        return missing_extra("nats")

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        """Publish and wait for the stream's, or at least the server's, confirmation."""
        from nats import errors
        from nats.js import errors as stream_errors

        settings = order.settings
        address = resolve(settings["host"], settings["port"], guard)
        key = (address, *(settings.get(name) for name in ("host", "port", "tls", "user_name", "password")))
        try:
            with self._kept.lent(
                key, lambda: _run(_connect(order, address), order.timeout_seconds)
            ) as client:
                return _run(self._publish(client, order), order.timeout_seconds)
        except stream_errors.NoStreamResponseError as error:
            raise _refused("no stream listens on this subject", retry=True) from error
        except stream_errors.APIError as error:
            raise _refused(f"JetStream answered {error.code} {error.description}", retry=True) from error
        except errors.MaxPayloadError as error:
            raise _refused("the message is larger than the server takes", retry=False) from error
        except errors.BadSubjectError as error:
            raise CallError.of(
                Fault.INVALID, f"NATS takes no such subject: {self._subject(order)!r}"
            ) from error
        except (errors.ProtocolError, errors.JsonParseError, *STUMBLES) as error:
            raise CallError(
                of_fault(Fault.NOT_HTTP, f"what answers is no NATS server: {error}"[:300])
            ) from error
        except (errors.TimeoutError, TimeoutError) as error:
            raise CallError.of(Fault.TIMEOUT, "the NATS server did not answer in time") from error
        except (errors.Error, OSError) as error:
            if "authorization" in str(error).lower():
                raise _refused("the NATS server refuses these credentials", retry=False) from error
            if isinstance(error, ssl.SSLError):
                raise CallError.of(Fault.TLS, f"TLS with the NATS server failed: {error}") from error
            raise CallError.of(Fault.CONNECT, f"the NATS server was not reached: {error}") from error

    def shown(self, order: Order) -> Mapping[str, object]:
        """Return subject and size."""
        return {
            "method": "PUB",
            "url": self.address(order.settings),
            "headers": {"subject": self._subject(order), "Nats-Msg-Id": order.message_id},
            "bytes": len(order.body),
        }

    async def _publish(self, client: Any, order: Order) -> Mapping[str, object]:
        headers = {
            "Nats-Msg-Id": order.message_id,  # JetStream drops a second one of the same id
            "Content-Type": order.content_type,
            **dict(order.traces.w3c),
            **order.attributes,
        }
        if order.settings.get("jetstream", True):
            stored = await client.jetstream(timeout=order.timeout_seconds).publish(
                self._subject(order), order.body, headers=headers
            )
            return {"stream": stored.stream, "sequence": stored.seq, "duplicate": bool(stored.duplicate)}
        await client.publish(self._subject(order), order.body, headers=headers)
        await client.flush(timeout=max(1, int(order.timeout_seconds)))
        return {"flushed": True}

    def _subject(self, order: Order) -> str:
        subject = str(order.settings.get("subject") or "events.{source}.{detail-type}")
        words = {"source": order.event.source, "detail-type": order.event.detail_type, "bus": order.event.bus}
        for name, word in words.items():
            allowed = "".join("_" if one in " *>\t\r\n" or not one.isprintable() else one for one in word)
            subject = subject.replace(f"{{{name}}}", ".".join(part or "_" for part in allowed.split(".")))
        return subject


async def _connect(order: Order, address: str) -> Any:
    from nats.aio.client import Client

    settings = order.settings
    failed: list[Exception] = []

    async def note(error: Exception) -> None:
        failed.append(error)

    options: dict[str, Any] = {}
    if settings.get("tls"):
        options |= {"tls": ssl.create_default_context(), "tls_hostname": settings["host"]}
    if settings.get("user_name"):
        options |= {"user": settings["user_name"], "password": settings.get("password", "")}
    elif settings.get("password"):
        options["token"] = settings["password"]
    where = f"[{address}]" if ":" in address else address
    client = Client()
    _bound(client)
    try:
        await client.connect(
            f"nats://{where}:{settings['port']}",
            connect_timeout=max(1, int(order.connect_timeout_seconds)),
            allow_reconnect=False,
            max_reconnect_attempts=1,  # 0 would try for ever
            reconnect_time_wait=0,
            error_cb=note,
            name="eventhub",
            **options,
        )
    except Exception as error:
        await client.close()
        raise (failed[0] if failed else error) from error
    return client


def _bound(client: Any) -> None:
    """Let a client read no more than anybody sends a publisher: else it gathers whatever is announced."""
    left = MAX_ANSWER_BYTES
    parse = client._ps.parse

    async def counted(data: bytes = b"") -> None:
        from nats import errors

        nonlocal left
        # What was handed on whole begins a new answer.
        left = MAX_ANSWER_BYTES - len(client._ps.buf) - len(data)
        if left < 0:
            client._ps.buf.clear()
            raise errors.ProtocolError(f"it answered more than {MAX_ANSWER_BYTES} bytes")
        await parse(data)

    client._ps.parse = counted


def _close(client: Any) -> None:
    with contextlib.suppress(Exception):  # it is broken, which is why it is closed
        _run(client.close(), 2.0)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="nats", daemon=True).start()
    return loop


def _run(work: Coroutine[Any, Any, T], timeout_seconds: float) -> T:
    future = asyncio.run_coroutine_threadsafe(work, _loop())
    try:
        return future.result(timeout_seconds)
    except TimeoutError:
        future.cancel()
        raise


def _refused(text: str, *, retry: bool) -> CallError:
    return CallError(Verdict(Decision.RETRY if retry else Decision.GIVE_UP, text, ReasonClass.RECEIVER))
