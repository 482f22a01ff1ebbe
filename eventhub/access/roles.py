"""Roles: what a person may do on a bus, in the scopes that keys have too.

    viewer          sees: events, deliveries, dead letters, rules, archives, the targets of these rules
    editor          and changes rules and archives, redrives and replays, puts events
    administrator   and everything else on the bus: its settings, its roles, the keys that are limited to it

A role is held on one bus or on every bus, by a user or through a group; of several, all count. Django's
superusers are administrators of every bus. Beside a role on a bus, a grant may show the fields that the bus
marks as sensitive; administrators see them anyway.

What belongs to no single bus (targets, connections, API destinations, global endpoints, partner event
sources) is seen by whoever holds a role on every bus, and changed by editors and administrators of every
bus. A target is also seen by whoever sees a bus with a rule that delivers to it. Users, groups and the whole
configuration at once (import, export) are for administrators of every bus.
"""

from collections.abc import Iterable, Mapping

from eventhub.access.scopes import ALL_SCOPES, READ_SCOPES, Scope
from eventhub.models.grant import Role

SCOPES: Mapping[str, frozenset[Scope]] = {
    Role.VIEWER: READ_SCOPES,
    Role.EDITOR: READ_SCOPES | {Scope.RULES_WRITE, Scope.EVENTS_PUT},
    Role.ADMINISTRATOR: ALL_SCOPES,
}


def scopes_by_bus(
    held: Iterable[tuple[int | None, str, bool]],
) -> dict[int | None, frozenset[Scope]]:
    """Return what roles allow, by bus, under None on every bus; ``held``: bus, role, sees sensitive fields.

    >>> sorted(scopes_by_bus([(7, "viewer", True)])[7])
    [<Scope.EVENTS_READ: 'events:read'>, <Scope.EVENTS_SENSITIVE: 'events:sensitive'>, <Scope.RULES_READ: 'rules:read'>]
    """  # noqa: E501 - a doctest's answer is one line
    allowed: dict[int | None, frozenset[Scope]] = {}
    for bus_id, role, sees_sensitive in held:
        scopes = SCOPES.get(role, frozenset())  # a role that this version does not know allows nothing
        if sees_sensitive and scopes:
            scopes |= {Scope.EVENTS_SENSITIVE}
        allowed[bus_id] = allowed.get(bus_id, frozenset()) | scopes
    return allowed
