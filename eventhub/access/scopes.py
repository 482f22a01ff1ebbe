"""Scopes: what a credential may be used for."""

from enum import StrEnum


class Scope(StrEnum):
    """One thing that a credential allows. The values are the texts in API keys."""

    EVENTS_PUT = "events:put"  # put events on a bus, through any door
    EVENTS_READ = "events:read"  # read events, deliveries, attempts and dead letters, and watch them live
    EVENTS_SENSITIVE = "events:sensitive"  # see the fields of events that a bus marks as sensitive
    RULES_READ = "rules:read"  # read buses, rules and targets
    RULES_WRITE = "rules:write"  # create, change and delete buses, rules and targets
    ADMIN = "admin"  # everything, keys included


ALL_SCOPES = frozenset(Scope)
READ_SCOPES = frozenset({Scope.EVENTS_READ, Scope.RULES_READ})
