"""What routing makes of an event, and where a delivery stands."""

from enum import StrEnum


class RoutingState(StrEnum):
    """What routing made of an event."""

    MATCHED = "matched"  # at least one rule's pattern holds, whatever became of its deliveries
    UNMATCHED = "unmatched"  # no rule's pattern holds
    UNROUTABLE = "unroutable"  # routing raised three times; `error` says what
    UNKNOWN_BUS = "unknown-bus"  # its bus does not exist (any more)


class OutcomeState(StrEnum):
    """Where one delivery stands."""

    PENDING = "pending"  # due now or later, perhaps under a lease
    DELIVERED = "delivered"  # the target took it
    DEAD = "dead"  # given up: there is a dead letter
    RULE_DISABLED = "rule-disabled"  # matched, but the rule was disabled: not made
    SHADOW = "shadow"  # matched, but the rule is only tried: not made
    TOO_COMPLEX = "too-complex"  # matching ran out of steps: not made
    NO_TARGET = "no-target"  # matched, but the rule has no target: not made
    LOOP = "loop"  # not made: the event passed too many buses already
