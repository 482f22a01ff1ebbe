"""The caller: who makes a request, and what they may do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from eventhub.access.pace import Pace
from eventhub.access.roles import scopes_by_bus
from eventhub.access.scopes import ALL_SCOPES, Scope
from eventhub.domain.policy import allows
from eventhub.domain.sources import Sources
from eventhub.models.grant import Grant


class CallerKind(StrEnum):
    """How a caller proved who they are."""

    KEY = "key"  # a program, by an API key
    USER = "user"  # a person, by a session
    COMMAND = "command"  # whoever may run `manage.py` here


@dataclass(frozen=True, slots=True)
class Policy:
    """A bus's policy, of putting events on it."""

    statements: Sequence[Mapping[str, Any]]
    resource: str  # the bus's ARN

    def allows(self, account: str, known: Mapping[str, str] | None = None) -> bool:
        """Tell whether an account may; see ``domain.policy`` for ``known``."""
        return allows(
            self.statements, account=account, action="events:PutEvents", resource=self.resource, known=known
        )


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone whose credentials were verified. ``name`` is the key's id or the user's name.

    A key has the same scopes on all of its buses. A person may have a role on every bus and others on some:
    then ``granted`` holds, by bus, what they may do there beside ``scopes``. Whoever may do anything on a bus
    may see it: ``bus_ids`` are all of these.
    """

    kind: CallerKind
    name: str
    scopes: frozenset[Scope]
    bus_ids: frozenset[int] | None = None  # None: every bus, also those that are made later
    sources: Sources | None = None  # None: events of every source
    account: str = ""  # of another account: only the buses whose policy allows it
    pace: Pace | None = field(default=None, compare=False)  # None: as fast as they like
    # Of another account: the policies of the buses that may take something of it.
    policies: Mapping[int, Policy] = field(default_factory=dict, compare=False)
    # Of a person: what they may do on single buses.
    granted: Mapping[int, frozenset[Scope]] = field(default_factory=dict, hash=False)

    @property
    def who(self) -> str:
        """Return how events and changes record this caller.

        >>> Caller(CallerKind.USER, "ann", ALL_SCOPES).who
        'user:ann'
        """
        return f"{self.kind}:{self.name}"

    def may_put(self, bus_id: int, *, source: str, detail_type: str) -> bool:
        """Tell whether the caller may put this entry on a bus that ``may`` lets it put events on."""
        if not self.account:
            return True
        policy = self.policies.get(bus_id)
        known = {
            "events:source": source,
            "events:detail-type": detail_type,
            "aws:principalaccount": self.account,
            "aws:sourceaccount": self.account,
        }
        return policy is not None and policy.allows(self.account, known)

    def wait_seconds(self) -> float:
        """Count a request; return 0, or for how long the caller has to wait because it comes too fast."""
        return 0.0 if self.pace is None else self.pace.wait_seconds()

    def may(self, scope: Scope, bus_id: int | None = None) -> bool:
        """Tell whether the caller may do this on a bus; without ``bus_id``: on any bus at all.

        Buses are always limited by the key, whatever its scopes: a key with ``admin`` and one bus
        administers that bus.

        >>> Caller(CallerKind.KEY, "K", frozenset({Scope.ADMIN}), frozenset({7})).may(Scope.EVENTS_PUT, 8)
        False
        """
        if _holds(self.scopes, scope) and (bus_id is None or self.bus_ids is None or bus_id in self.bus_ids):
            return True
        if not self.granted:
            return False
        if bus_id is None:
            return any(_holds(scopes, scope) for scopes in self.granted.values())
        return _holds(self.granted.get(bus_id, _NOTHING), scope)

    @property
    def has_no_role(self) -> bool:
        """Tell whether the caller may do nothing at all, anywhere."""
        return not self.scopes and not self.granted

    def may_everywhere(self, scope: Scope) -> bool:
        """Tell whether the caller may do this on every bus: what reaches beyond single buses asks so.

        >>> Caller(CallerKind.KEY, "K", frozenset({Scope.ADMIN}), frozenset({7})).may_everywhere(Scope.ADMIN)
        False
        """
        return self.bus_ids is None and _holds(self.scopes, scope)

    def buses(self, scope: Scope | None = None) -> frozenset[int] | None:
        """Return the buses on which the caller may do this, or anything; None for every bus.

        >>> viewer = {8: frozenset({Scope.RULES_READ})}
        >>> ann = Caller(CallerKind.USER, "ann", frozenset(), frozenset({8}), granted=viewer)
        >>> ann.buses(Scope.RULES_READ)
        frozenset({8})
        """
        if scope is None:
            return self.bus_ids
        if self.may_everywhere(scope):
            return None
        limited = self.bus_ids if self.bus_ids and _holds(self.scopes, scope) else _NO_BUS
        return limited | {bus_id for bus_id, scopes in self.granted.items() if _holds(scopes, scope)}


_NOTHING: frozenset[Scope] = frozenset()
_NO_BUS: frozenset[int] = frozenset()


def _holds(scopes: frozenset[Scope], scope: Scope) -> bool:
    return scope in scopes or Scope.ADMIN in scopes


def known_scopes(texts: Collection[str]) -> frozenset[Scope]:
    """Return the scopes that ``texts`` name; one that this version does not know allows nothing."""
    return frozenset(scope for scope in Scope if scope in texts)


class User(Protocol):
    """What we need of Django's users, the anonymous one included."""

    @property
    def is_authenticated(self) -> bool: ...  # noqa: D102 - Django's own
    @property
    def is_active(self) -> bool: ...  # noqa: D102 - Django's own
    @property
    def is_superuser(self) -> bool: ...  # noqa: D102 - Django's own
    def get_username(self) -> str: ...  # noqa: D102 - Django's own


def caller_of_user(user: User) -> Caller | None:
    """Return the caller behind a session, with the roles that they hold now; None if not signed in.

    Asks the database, once for each ``user`` that a request brings.
    """
    if not (user.is_authenticated and user.is_active):
        return None
    known: Caller | None = getattr(user, _KNOWN, None)
    if known is None:
        known = _caller_of(user)
        setattr(user, _KNOWN, known)
    return known


_KNOWN = "_eventhub_caller"


def _caller_of(user: User) -> Caller:
    name = user.get_username()
    if user.is_superuser:
        return Caller(CallerKind.USER, name, ALL_SCOPES)
    held = scopes_by_bus(Grant.of(user).values_list("bus_id", "role", "sees_sensitive"))
    everywhere = held.get(None, _NOTHING)
    on_some = {bus_id: scopes for bus_id, scopes in held.items() if bus_id is not None and scopes}
    return Caller(
        CallerKind.USER,
        name,
        everywhere,
        None if everywhere else frozenset(on_some),
        granted=on_some,
    )
