"""The Kafka kind: each event as one record of a topic, acknowledged by all in-sync replicas."""

import threading
from collections.abc import Mapping
from typing import Any

from eventhub.domain.fault import ReasonClass
from eventhub.targets.extra import missing_extra
from eventhub.targets.kept import Kept
from eventhub.targets.kind import CallError, CallKind, Field, FieldType, Guard, Order
from eventhub.targets.paths import text_at
from eventhub.targets.pinned import resolve
from eventhub.targets.verdict import Decision, Fault, Verdict

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


def check_servers(text: str) -> None:
    """Raise ValueError unless ``text`` is one or more host:port, separated by commas."""
    for server in text.split(","):
        host, colon, port = server.strip().rpartition(":")
        if not (host and colon and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError(f"wanted host:port, several separated by commas, found {server!r}")


class KafkaKind(CallKind):
    """Produces with idempotence. A broker itself names further ones, so only administrators configure it."""

    name = "kafka"
    title = "Kafka"
    summary = "Produces each event to a Kafka topic, acknowledged by all in-sync replicas."
    extra = "kafka"
    administrators_only = True
    fields = (
        Field(
            "servers",
            "Brokers",
            "host:port of brokers to begin with, separated by commas.",
            required=True,
            example="kafka-1.example.com:9092,kafka-2.example.com:9092",
            check=check_servers,
        ),
        Field("topic", "Topic", "Its name.", required=True, example="orders", high=249),
        Field(
            "key",
            "Key",
            "A path in the event whose value is the record's key: records of one key keep their order.",
            FieldType.EVENT_PATH,
            example="$.detail.order.id",
        ),
        Field(
            "protocol",
            "Protocol",
            "How to speak to the brokers.",
            FieldType.CHOICE,
            default="PLAINTEXT",
            choices=PROTOCOLS,
        ),
        Field(
            "mechanism",
            "Mechanism",
            "How to sign in with SASL.",
            FieldType.CHOICE,
            default="PLAIN",
            choices=MECHANISMS,
        ),
        Field("user_name", "User name", "For SASL."),
        Field("password", "Password", "For SASL.", secret=True),
    )

    def __init__(self) -> None:
        self._kept: Kept[Any] = Kept(lambda _producer: None)  # a producer ends with its last reference

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return brokers and topic as a URL."""
        return f"kafka://{settings.get('servers', '')}/{settings.get('topic', '')}"

    def missing(self) -> str:
        """Name the extra unless its client is installed."""
        return missing_extra("confluent_kafka")

    def check(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Refuse SASL without its user."""
        if str(settings.get("protocol", "")).startswith("SASL") and not settings.get("user_name"):
            return {"user_name": "SASL needs a user name"}
        return {}

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        """Produce one record and wait for its acknowledgement."""
        import confluent_kafka

        settings = order.settings
        for server in settings["servers"].split(","):
            host, _, port = server.strip().rpartition(":")
            # What the brokers then name is theirs to say: the kind is for administrators only.
            resolve(host, int(port), guard)
        done = threading.Event()
        report: list[tuple[Any, Any]] = []

        def reported(error: Any, message: Any) -> None:
            report.append((error, message))
            done.set()

        key = tuple(
            settings.get(name) for name in ("servers", "protocol", "mechanism", "user_name", "password")
        )
        try:
            with self._kept.lent((*key, order.timeout_seconds), lambda: _producer(order)) as producer:
                producer.produce(
                    settings["topic"],
                    order.body,
                    key=text_at(settings.get("key", ""), order.event.envelope),
                    timestamp=order.now // 1000,
                    headers={
                        "content-type": order.content_type,
                        "message-id": order.message_id,
                        "event-id": str(order.event.id),
                        **dict(order.traces.w3c),
                        **order.attributes,
                    },
                    on_delivery=reported,
                )
                producer.flush(order.timeout_seconds)
                if not done.is_set():
                    producer.purge()
                    raise CallError.of(Fault.TIMEOUT, "no broker acknowledged the record in time")
                error, message = report[0]
                if error is not None:
                    raise _failed(error)
                return {"partition": message.partition(), "offset": message.offset()}
        except (confluent_kafka.KafkaException, BufferError) as error:
            inner = error.args[0] if error.args else error
            raise _failed(inner) from error

    def shown(self, order: Order) -> Mapping[str, object]:
        """Return topic, key and size."""
        return {
            "method": "PRODUCE",
            "url": self.address(order.settings),
            "headers": {"message-id": order.message_id},
            "bytes": len(order.body),
        }


def _producer(order: Order) -> Any:
    import confluent_kafka

    settings = order.settings
    milliseconds = int(order.timeout_seconds * 1000)
    options: dict[str, Any] = {
        "bootstrap.servers": settings["servers"],
        "security.protocol": settings.get("protocol", "PLAINTEXT"),
        "enable.idempotence": True,
        "message.timeout.ms": milliseconds,
        "socket.timeout.ms": min(milliseconds, 60_000),
        "socket.connection.setup.timeout.ms": max(1000, int(order.connect_timeout_seconds * 1000)),
        "linger.ms": 0,
        "log_level": 0,
        "client.id": "eventhub",
    }
    if options["security.protocol"].startswith("SASL"):
        options |= {
            "sasl.mechanism": settings.get("mechanism", "PLAIN"),
            "sasl.username": settings["user_name"],
            "sasl.password": settings.get("password", ""),
        }
    return confluent_kafka.Producer(options)


def _failed(error: Any) -> CallError:
    import confluent_kafka

    if not isinstance(error, confluent_kafka.KafkaError):
        return CallError(Verdict(Decision.RETRY, f"not produced: {error}", ReasonClass.OURS))
    text = f"Kafka: {error.str()}"
    code = error.code()
    if code in {confluent_kafka.KafkaError._MSG_TIMED_OUT, confluent_kafka.KafkaError._TIMED_OUT}:
        return CallError.of(Fault.TIMEOUT, text)
    if code < 0:  # librdkafka's own: the brokers were not reached
        return CallError.of(Fault.CONNECT, text)
    return CallError(
        Verdict(Decision.RETRY if error.retriable() else Decision.GIVE_UP, text, ReasonClass.RECEIVER)
    )
