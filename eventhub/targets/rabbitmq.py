"""The RabbitMQ kind: each event as one persistent message to an exchange, confirmed by the broker."""

import contextlib
import ssl
from collections.abc import Mapping
from typing import Any

from eventhub.domain.fault import ReasonClass
from eventhub.targets.extra import missing_extra
from eventhub.targets.kept import Kept
from eventhub.targets.kind import CallError, CallKind, Field, FieldType, Guard, Order
from eventhub.targets.pinned import resolve
from eventhub.targets.verdict import Decision, Fault, Verdict


def check_short(text: str) -> None:
    """Raise ValueError unless a text fits AMQP's short strings."""
    if len(text.encode()) > 255:
        raise ValueError(f"wanted at most 255 bytes in UTF-8, found {len(text.encode())}")


class RabbitMqKind(CallKind):
    """Publishes with publisher confirms and ``mandatory``: a message that no queue takes is a failure."""

    name = "rabbitmq"
    title = "RabbitMQ"
    summary = "Publishes each event to a RabbitMQ exchange, confirmed by the broker."
    extra = "rabbitmq"
    fields = (
        Field(
            "host",
            "Server",
            "The name or address of the broker.",
            required=True,
            example="rabbitmq.example.com",
        ),
        Field("port", "Port", "5672, or 5671 for TLS.", FieldType.INTEGER, default=5672, low=1, high=65535),
        Field(
            "tls",
            "TLS",
            "Encrypt the connection and check the broker's certificate.",
            FieldType.BOOLEAN,
            default=False,
        ),
        Field("virtual_host", "Virtual host", "Its name.", default="/", high=255, check=check_short),
        Field("user_name", "User name", "Who publishes.", required=True, high=255),
        Field("password", "Password", "For the user name.", secret=True, required=True),
        Field(
            "exchange",
            "Exchange",
            "Its name; empty: the default one, where the routing key names a queue.",
            high=255,
            check=check_short,
        ),
        Field(
            "routing_key",
            "Routing key",
            "{source}, {detail-type} and {bus} are filled in.",
            default="{source}.{detail-type}",
            high=255,
        ),
    )

    def __init__(self) -> None:
        self._kept: Kept[Any] = Kept(_close)

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the exchange's address as a URL, without the user."""
        scheme = "amqps" if settings.get("tls") else "amqp"
        where = f"{settings.get('host', '')}:{settings.get('port', 5672)}"
        return f"{scheme}://{where}/{settings.get('virtual_host', '/')}#{settings.get('exchange', '')}"

    def missing(self) -> str:
        """Name the extra unless its client is installed."""
        return missing_extra("pika")

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        """Publish and wait for the broker's confirmation."""
        import pika
        from pika import exceptions
        from pika.adapters.utils.connection_workflow import AMQPConnectorException

        settings = order.settings
        address = resolve(settings["host"], settings["port"], guard)
        properties = pika.BasicProperties(
            content_type=order.content_type,
            delivery_mode=pika.DeliveryMode.Persistent,
            message_id=order.message_id,
            timestamp=order.now // 1_000_000,
            type=_short(order.event.detail_type),
            app_id="eventhub",
            headers={
                "event-id": str(order.event.id),
                "source": order.event.source,
                **dict(order.traces.w3c),
                **order.attributes,
            },
        )
        key = (
            address,
            *(
                settings.get(name)
                for name in ("host", "port", "tls", "virtual_host", "user_name", "password")
            ),
        )
        try:
            with self._kept.lent(key, lambda: _connect(order, address)) as channel:
                channel.basic_publish(
                    settings.get("exchange", ""),
                    self._routing_key(order),
                    order.body,
                    properties,
                    mandatory=True,
                )
        except exceptions.UnroutableError as error:
            raise _refused("no queue is bound for this routing key", retry=True) from error
        except exceptions.NackError as error:
            raise _refused("the broker did not take it", retry=True) from error
        except (exceptions.AuthenticationError, exceptions.ProbableAuthenticationError) as error:
            raise _refused("the broker refuses this user name and password", retry=False) from error
        except exceptions.ProbableAccessDeniedError as error:
            raise _refused("the broker refuses this user the virtual host", retry=False) from error
        except exceptions.ChannelClosedByBroker as error:
            # 404 no such exchange, 403 not allowed: until somebody changes it
            text = f"the broker answered {error.reply_code} {error.reply_text}"
            raise _refused(text, retry=error.reply_code not in {403, 404}) from error
        except AMQPConnectorException as error:  # of pika's own steps: no error of AMQP's
            raise _network(error) from error
        except (ssl.SSLError, exceptions.AMQPConnectionError, exceptions.AMQPError, OSError) as error:
            raise _network(error) from error
        return {"confirmed": True}

    def shown(self, order: Order) -> Mapping[str, object]:
        """Return exchange, routing key and size."""
        return {
            "method": "PUBLISH",
            "url": self.address(order.settings),
            "headers": {"routing-key": self._routing_key(order), "message-id": order.message_id},
            "bytes": len(order.body),
        }

    def _routing_key(self, order: Order) -> str:
        key = str(order.settings.get("routing_key", "{source}.{detail-type}"))
        words = {"source": order.event.source, "detail-type": order.event.detail_type, "bus": order.event.bus}
        for name, word in words.items():
            key = key.replace(f"{{{name}}}", word)
        return _short(key)


def _short(text: str) -> str:
    """Return as much of a text as fits AMQP's short strings, 255 bytes: it is not worth a dead letter."""
    return text.encode()[:255].decode(errors="ignore")


def _connect(order: Order, address: str) -> Any:
    import pika

    settings = order.settings
    options = None
    if settings.get("tls"):
        options = pika.SSLOptions(ssl.create_default_context(), server_hostname=settings["host"])
    connection = pika.BlockingConnection(
        pika.ConnectionParameters(
            host=address,
            port=settings["port"],
            virtual_host=settings.get("virtual_host", "/"),
            credentials=pika.PlainCredentials(settings["user_name"], settings["password"]),
            ssl_options=options,
            socket_timeout=order.connect_timeout_seconds,
            stack_timeout=order.timeout_seconds,
            blocked_connection_timeout=order.timeout_seconds,
            heartbeat=0,  # nobody would answer it while the connection is idle
        )
    )
    channel = connection.channel()
    channel.confirm_delivery()
    return channel


def _close(channel: Any) -> None:
    import pika.exceptions

    with contextlib.suppress(pika.exceptions.AMQPError, OSError):  # it is gone, which is what was wanted
        channel.connection.close()


def _refused(text: str, *, retry: bool) -> CallError:
    return CallError(Verdict(Decision.RETRY if retry else Decision.GIVE_UP, text, ReasonClass.RECEIVER))


def _network(error: Exception) -> CallError:
    inner = error
    while inner.args and isinstance(inner.args[0], Exception):
        inner = inner.args[0]
    if "Timeout" in type(inner).__name__:  # pika has several, without a class in common
        return CallError.of(Fault.TIMEOUT, "the broker did not answer in time")
    text = str(inner) or type(inner).__name__
    if isinstance(inner, ssl.SSLError):
        return CallError.of(Fault.TLS, f"TLS with the broker failed: {text}")
    return CallError.of(Fault.CONNECT, f"the broker was not reached: {text}")
