"""Real brokers for the kinds that speak to them."""

from tests.brokers import kafka_servers, nats_port, rabbitmq_port, redis_port

__all__ = ["kafka_servers", "nats_port", "rabbitmq_port", "redis_port"]
