"""What is said of each resource, one module each: shapes and operations."""

from collections.abc import Mapping

from eventhub.api.openapi.operation import Operations
from eventhub.api.openapi.problems import PROBLEM
from eventhub.api.openapi.resources import (
    archives,
    attempts,
    audit,
    buses,
    completing,
    connections,
    dead_letters,
    deliveries,
    endpoints,
    event_types,
    events,
    importing,
    keys,
    partners,
    patterns,
    redactions,
    redrives,
    replays,
    rules,
    target_kinds,
    targets,
)
from eventhub.api.openapi.shape import Schema

_MODULES = (
    buses,
    rules,
    patterns,
    targets,
    target_kinds,
    connections,
    events,
    completing,
    event_types,
    deliveries,
    attempts,
    dead_letters,
    redrives,
    archives,
    replays,
    keys,
    audit,
    redactions,
    importing,
    partners,
    endpoints,
)
OPERATIONS: Operations = {
    address: operation for module in _MODULES for address, operation in module.OPERATIONS.items()
}
COMPONENTS: Mapping[str, Schema] = {
    "Problem": PROBLEM,
    **{name: shape for module in _MODULES for name, shape in module.COMPONENTS.items()},
}
TAGS = [{"name": module.TAG, "description": module.SAID} for module in _MODULES if module is not completing]
