"""Configuring in Django's admin, and looking through the journal there.

One module per thing: ``buses``, ``rules``, ``targets``, ``connections``, ``archives`` (with replays),
``partners``, ``endpoints``, ``keys`` and ``people`` (users, groups, roles) to change; ``happened`` and
``audit`` to read. What kinds of target say of their settings makes their forms. All that is changed here is
judged by the models' ``full_clean``, as over REST, recorded with who changed it, and in force when the page
is back. Who may see and change what is asked of roles (``permitted``). The looks are in ``templates/admin``
and ``static/css``.
"""

from eventhub.admin import (
    archives,
    audit,
    buses,
    connections,
    endpoints,
    happened,
    keys,
    partners,
    people,
    rules,
    targets,
)

__all__ = [
    "archives",
    "audit",
    "buses",
    "connections",
    "endpoints",
    "happened",
    "keys",
    "partners",
    "people",
    "rules",
    "targets",
]
