"""API keys: making them, and the ring that recognises them without a query per request."""

import asyncio
import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from django.conf import settings
from django.db import close_old_connections, transaction
from django.db.models import QuerySet

from eventhub.access import seal
from eventhub.access.caller import Caller, CallerKind, Policy, known_scopes
from eventhub.access.pace import Pace
from eventhub.access.scopes import Scope
from eventhub.domain.arn import bus_arn
from eventhub.domain.sources import Sources, read_sources
from eventhub.models import ApiKey, Bus, current_version

KEY_ID = re.compile(r"[A-Z0-9]{16,32}")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

# For a key that memory does not hold, the configuration's version is asked for, so often and no oftener:
# invented ids must not become queries. A real key that falls victim is heard of a quarter of a second later.
QUESTIONS_PER_SECOND = 20


def mint(
    name: str,
    scopes: Collection[Scope],
    buses: Iterable[Bus] = (),
    expires_at: datetime | None = None,
    *,
    sources: Sequence[str] = (),
    account: str = "",
    rate_per_second: float | None = None,
    enabled: bool = True,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret, which cannot be shown again.

    No buses: every bus. No sources: events of every source.
    """
    key_id = "EH" + "".join(secrets.choice(_LETTERS) for _ in range(18))
    secret = new_secret()
    made = store(
        key_id,
        secret,
        name=name,
        scopes=scopes,
        buses=buses,
        expires_at=expires_at,
        sources=sources,
        account=account,
        rate_per_second=rate_per_second,
        enabled=enabled,
    )
    return made, secret


def administered(caller: Caller) -> QuerySet[ApiKey]:
    """Return the keys that a caller administers: of some buses only, those limited to these buses."""
    bus_ids = caller.buses(Scope.ADMIN)
    if bus_ids is None:
        return ApiKey.objects.all()
    limits = ApiKey.buses.through.objects
    beyond = limits.exclude(bus_id__in=bus_ids).values("apikey_id")
    within = limits.filter(bus_id__in=bus_ids).values("apikey_id")
    return ApiKey.objects.filter(pk__in=within).exclude(pk__in=beyond)


def new_secret() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(32)


def store(
    key_id: str,
    secret: str,
    *,
    name: str,
    scopes: Collection[Scope],
    buses: Iterable[Bus] = (),
    expires_at: datetime | None = None,
    sources: Sequence[str] = (),
    account: str = "",
    rate_per_second: float | None = None,
    enabled: bool = True,
) -> ApiKey:
    """Keep a key whose id and secret are given; raises IntegrityError if the id is taken."""
    with transaction.atomic():
        key = ApiKey(
            id=key_id,
            name=name,
            secret_digest=seal.digest(secret),
            sealed_secret=seal.seal(secret),
            scopes=sorted(scopes),
            expires_at=expires_at,
            sources=list(sources),
            account=account,
            rate_per_second=rate_per_second,
            enabled=enabled,
        )
        key.save(force_insert=True)
        key.set_buses(buses)
    return key


@dataclass(slots=True)
class Key:
    """A key as the ring holds it."""

    caller: Caller
    digest: bytes
    sealed: bytes
    enabled: bool
    expires_at: float | None  # seconds since 1970
    old: "OldSecret | None" = None  # the secret before, good for a while
    used_at: float = 0.0  # when it last opened a door; `last_use` writes it down
    _secret: str | None = None  # once it was needed: opening the seal takes 50 µs

    def is_valid(self) -> bool:
        """Tell whether the key may be used now."""
        return self.enabled and (self.expires_at is None or time.time() < self.expires_at)

    def secret(self) -> str:
        """Return the secret, to verify a signature with; raises seal.BrokenSealError."""
        if self._secret is None:
            self._secret = seal.unseal(self.sealed)
        return self._secret

    def old_secret(self) -> str | None:
        """Return the secret before, while it is good; raises seal.BrokenSealError."""
        if self.old is None or time.time() >= self.old.until:
            return None
        return seal.unseal(self.old.sealed)

    def is_opened_by(self, secret: str) -> bool:
        """Tell whether this is the key's secret, or the one before while that is good."""
        if seal.is_secret(secret, self.digest):
            return True
        old = self.old
        return old is not None and time.time() < old.until and seal.is_secret(secret, old.digest)


@dataclass(frozen=True, slots=True)
class OldSecret:
    """A secret that was replaced and is good until a moment (seconds since 1970)."""

    digest: bytes
    sealed: bytes
    until: float


@dataclass
class KeyRing:
    """All keys in memory. Safe to use from any thread; ``find`` may query, ``known`` never does."""

    _keys: dict[str, Key] = field(default_factory=dict)
    _version: int = -1
    _followed: bool = False
    _asked: list[float] = field(default_factory=list)  # when the version was asked for, in the last second
    _lock: threading.Lock = field(
        default_factory=threading.Lock
    )  # one reading at a time: no older over a newer

    def follow(self, on_change: Callable[[Callable[[object], None]], None]) -> None:
        """Load all keys, and trust memory from now on because ``on_change`` tells of every change of a key.

        Until then, and after ``unfollow``, ``find`` reads all keys each time.
        """
        on_change(lambda _: self.refresh())
        self.refresh()
        self._followed = True

    def unfollow(self) -> None:
        """Stop trusting memory: nobody tells of changes any more."""
        self._followed = False

    def used(self) -> dict[str, float]:
        """Return when each key that this process saw last opened a door (seconds since 1970)."""
        return {key_id: key.used_at for key_id, key in self._keys.copy().items() if key.used_at}

    def refresh(self) -> None:
        """Read all keys again if the configuration moved."""
        with self._lock:
            self._refresh()

    def known(self, key_id: str) -> Key | None:
        """Return a key from memory; None if ``find`` has to be asked."""
        return self._keys.get(key_id) if self._followed else None

    def find(self, key_id: str) -> Key | None:
        """Return a key, reading what changed if memory lacks it; None if unknown or questions are spent."""
        if key := self.known(key_id):
            return key
        with self._lock:
            # Looked at again: who waited for the lock may find the answer of who held it.
            if not self.known(key_id) and (not self._followed or self._may_ask()):
                self._refresh()
            return self._keys.get(key_id)

    async def find_async(self, key_id: str) -> Key | None:
        """Return a key; a query, should one be needed, is made beside the event loop."""
        key = self.known(key_id)
        if key is not None or (self._followed and self._is_spent()):
            return key
        return await asyncio.to_thread(self._find_apart, key_id)

    def bearer(self, header: str | None) -> Caller | None:
        """Return who sends ``Authorization: Bearer <id>.<secret>``; None unless key and secret are good."""
        token = read_bearer(header)
        return opened(self.find(token[0]), token[1]) if token else None

    async def bearer_async(self, header: str | None) -> Caller | None:
        """Do as ``bearer`` on an event loop."""
        token = read_bearer(header)
        return opened(await self.find_async(token[0]), token[1]) if token else None

    def _refresh(self) -> None:
        version = current_version()  # before the keys: a change in between is then seen as news
        if version != self._version or not self._followed:
            self._keys, self._version = load(self._keys), version

    def _find_apart(self, key_id: str) -> Key | None:
        try:
            return self.find(key_id)
        finally:
            close_old_connections()

    def _is_spent(self) -> bool:
        return len(self._asked) >= QUESTIONS_PER_SECOND and self._asked[0] > time.monotonic() - 1

    def _may_ask(self) -> bool:
        if self._is_spent():
            return False
        self._asked = [*self._asked[1 - QUESTIONS_PER_SECOND :], time.monotonic()]
        return True


def read_bearer(header: str | None) -> tuple[str, str] | None:
    """Return the id and the secret of an Authorization header, or None if it is not of that form.

    >>> read_bearer("bearer EH234567ABCDEFGH.s3cret")
    ('EH234567ABCDEFGH', 's3cret')
    """
    scheme, _, token = (header or "").partition(" ")
    key_id, _, secret = token.strip().partition(".")
    return (key_id, secret) if scheme.lower() == "bearer" and key_id and secret else None


def opened(key: Key | None, secret: str) -> Caller | None:
    """Return the caller whose key this is, if the secret is right and the key valid."""
    if key is None or not key.is_valid() or not key.is_opened_by(secret):
        return None
    key.used_at = time.time()
    return key.caller


def load(before: Mapping[str, Key] = MappingProxyType({})) -> dict[str, Key]:
    """Read all keys from the database; one whose rate is as ``before`` goes on with what it spent."""
    return {
        row.pk: Key(
            caller=replace(_caller(row), sources=_sources(row), pace=_pace(row, before.get(row.pk))),
            digest=bytes(row.secret_digest),
            sealed=bytes(row.sealed_secret),
            enabled=row.enabled,
            expires_at=row.expires_at.timestamp() if row.expires_at else None,
            old=_old_secret(row),
            used_at=before[row.pk].used_at if row.pk in before else 0.0,
        )
        for row in ApiKey.objects.prefetch_related("buses")
    }


def _sources(row: ApiKey) -> Sources | None:
    try:
        return read_sources(row.sources) if row.sources else None
    except ValueError:  # written by a hand in the database: then it puts nothing
        return Sources(frozenset())


def _old_secret(row: ApiKey) -> OldSecret | None:
    if row.old_secret_until is None or row.old_secret_digest is None or row.old_sealed_secret is None:
        return None
    until = row.old_secret_until.timestamp()
    return OldSecret(bytes(row.old_secret_digest), bytes(row.old_sealed_secret), until)


def _pace(row: ApiKey, before: Key | None) -> Pace | None:
    if row.rate_per_second is None:
        return None
    was = before.caller.pace if before else None
    return was if was is not None and was.per_second == row.rate_per_second else Pace(row.rate_per_second)


def _caller(row: ApiKey) -> Caller:
    bus_ids = frozenset(bus.pk for bus in row.buses.all()) or None
    if not row.account or row.account == settings.ACCOUNT_ID:
        return Caller(CallerKind.KEY, row.pk, known_scopes(row.scopes), bus_ids)
    policies = {
        bus.pk: Policy(bus.policy, bus_arn(bus.name, region=settings.REGION, account=settings.ACCOUNT_ID))
        for bus in Bus.objects.exclude(policy=[])
    }
    allowed = frozenset(bus_id for bus_id, policy in policies.items() if policy.allows(row.account))
    puts = bool(known_scopes(row.scopes) & {Scope.EVENTS_PUT, Scope.ADMIN})
    return Caller(
        CallerKind.KEY,
        row.pk,
        frozenset({Scope.EVENTS_PUT}) if puts else frozenset(),
        allowed if bus_ids is None else allowed & bus_ids,
        account=row.account,
        policies=policies,
    )


ring = KeyRing()  # this process's


def bearer(header: str | None) -> Caller | None:
    """Return who sends this Authorization header, as the process's ring knows them."""
    return ring.bearer(header)
