"""Real brokers for tests, each on random ports of 127.0.0.1, with its data in a temporary folder."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import needs
from tests.until import until

RABBITMQ_SECONDS = 60


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Tell whether somebody takes connections on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def redis_port() -> Iterator[int]:
    """Return the port of a Redis that wants the password ``secret``."""
    program, port = needs("redis-server"), free_port()
    with tempfile.TemporaryDirectory(prefix="eventhub-redis-") as folder:
        arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "secret"]
        process = subprocess.Popen([program, *arguments], cwd=folder, stdout=subprocess.DEVNULL)
        try:
            until(lambda: listens(port), what="Redis to start")
            yield port
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="session")
def nats_port() -> Iterator[int]:
    """Return the port of a NATS server with JetStream that wants the token ``secret``."""
    program, port = needs("nats-server"), free_port()
    with tempfile.TemporaryDirectory(prefix="eventhub-nats-") as folder:
        arguments = ["-a", "127.0.0.1", "-p", str(port), "-js", "-sd", folder, "--auth", "secret"]
        process = subprocess.Popen([program, *arguments], cwd=folder, stderr=subprocess.DEVNULL)
        try:
            until(lambda: listens(port), what="NATS to start")
            yield port
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="session")
def rabbitmq_port() -> Iterator[int]:
    """Return the port of a RabbitMQ with its user ``guest``, password ``guest``."""
    program = needs("rabbitmq-server")
    # Debian's wrapper in the PATH changes to the service's user; the program itself is beside its scripts.
    real = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    port, distribution, names = free_port(), free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="eventhub-rabbitmq-") as folder:
        enabled = Path(folder) / "enabled_plugins"
        enabled.write_text("[].\n")
        settings = {
            **os.environ,
            "HOME": folder,  # its cookie
            "RABBITMQ_NODENAME": f"eventhub{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(distribution),
            "ERL_EPMD_PORT": str(names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(enabled),
            "RABBITMQ_PLUGINS_EXPAND_DIR": f"{folder}/plugins",
            "RABBITMQ_CONFIG_FILE": f"{folder}/none",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
        }
        process = subprocess.Popen(
            [str(real) if real.exists() else program],
            cwd=folder,
            env=settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: listens(port), seconds=RABBITMQ_SECONDS, what="RabbitMQ to start")
            yield port
        finally:
            process.terminate()
            process.wait()
            # The name server that it started lives on by itself.
            subprocess.run(["epmd", "-port", str(names), "-kill"], check=False, stdout=subprocess.DEVNULL)


# Kafka is no Debian package: the broker is started from its published jars, which maven fetches.
KAFKA = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>tests</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>3.9.1</version></dependency>
<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>
"""
KAFKA_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
auto.create.topics.enable=false
"""
KAFKA_SECONDS = 90


@pytest.fixture(scope="session")
def kafka_servers() -> Iterator[str]:
    """Return host:port of a Kafka broker; skips where its jars cannot be had."""
    maven, java, port, controller = needs("mvn"), needs("java"), free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="eventhub-kafka-") as folder:
        (Path(folder) / "pom.xml").write_text(KAFKA)
        fetched = subprocess.run(
            [maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if fetched.returncode:
            pytest.skip(f"Kafka's jars cannot be had: {fetched.stdout[-500:]}")
        properties = Path(folder) / "server.properties"
        properties.write_text(KAFKA_PROPERTIES.format(port=port, controller=controller, folder=folder))
        run = [java, "-Xmx512m", "-cp", f"{folder}/jars/*"]
        formatting = ["format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c", str(properties)]
        subprocess.run(
            [*run, "kafka.tools.StorageTool", *formatting], check=True, cwd=folder, capture_output=True
        )
        process = subprocess.Popen(
            [*run, "kafka.Kafka", str(properties)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(lambda: listens(port), seconds=KAFKA_SECONDS, what="Kafka to start")
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()
