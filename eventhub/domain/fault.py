"""Whose fault a failure is."""

from enum import StrEnum


class ReasonClass(StrEnum):
    """Whose fault a failed attempt or a dead letter is. Never mixed."""

    RECEIVER = "receiver"  # it answered, but not with success
    NETWORK = "network"  # no answer: DNS, connection, TLS, time-out
    OURS = "ours"  # refused by our own guard, deleted, loop, a bug
