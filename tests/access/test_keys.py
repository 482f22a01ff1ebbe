"""API keys: minting, recognising, and hearing of changes without a query per request."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from eventhub.access import keys
from eventhub.access.caller import Caller
from eventhub.access.keys import KeyRing, mint
from eventhub.access.scopes import Scope
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.models import ApiKey, Bus

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper() -> RulebookKeeper:
    keeper = RulebookKeeper()
    keeper.refresh()
    return keeper


@pytest.fixture
def ring(keeper: RulebookKeeper) -> Iterator[KeyRing]:
    ring = KeyRing()
    ring.follow(keeper.on_other_change)
    return ring


def header(key: ApiKey, secret: str) -> str:
    return f"Bearer {key.pk}.{secret}"


def test_minted_key_has_256_random_bits_and_is_kept_only_in_disguise() -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])

    stored = ApiKey.objects.get(pk=key.pk)
    assert keys.KEY_ID.fullmatch(key.pk)
    assert len(secret) == 43  # 32 bytes in base 64
    assert secret.encode() not in bytes(stored.secret_digest) + bytes(stored.sealed_secret)


def test_key_minted_a_moment_ago_works_at_once(ring: KeyRing) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])

    caller = ring.bearer(header(key, secret))

    assert caller is not None
    assert caller.who == f"key:{key.pk}"
    assert caller.scopes == {Scope.EVENTS_PUT}


def test_known_key_costs_no_query(ring: KeyRing) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])
    ring.refresh()

    with CaptureQueriesContext(connection) as queries:
        for _ in range(10):
            assert ring.bearer(header(key, secret))

    assert len(queries) == 0


@pytest.mark.parametrize(
    "spoilt",
    [
        None,
        "",
        "Bearer {key_id}.{secret}x",
        "Bearer {key_id}.",
        "Bearer {key_id}",
        "Basic {key_id}.{secret}",
        "Bearer eh{key_id}.{secret}",
        "Bearer .{secret}",
        "Bearer ZZZZZZZZZZZZZZZZZZZZ.{secret}",
        "Bearer {key_id}.sécret",
    ],
)
def test_anything_but_the_key_opens_nothing(ring: KeyRing, spoilt: str | None) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])

    assert ring.bearer(spoilt and spoilt.format(key_id=key.pk, secret=secret)) is None


def test_scheme_may_be_written_in_any_case(ring: KeyRing) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])

    assert ring.bearer(f"bearer  {key.pk}.{secret} ")


def test_disabled_key_stops_with_the_next_look_at_the_configuration(
    ring: KeyRing, keeper: RulebookKeeper
) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])
    assert ring.bearer(header(key, secret))

    key.enabled = False
    key.save(update_fields=["enabled"])
    keeper.refresh()

    assert ring.bearer(header(key, secret)) is None


def test_deleted_key_stops_with_the_next_look_at_the_configuration(
    ring: KeyRing, keeper: RulebookKeeper
) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])
    assert ring.bearer(header(key, secret))
    text = header(key, secret)

    key.delete()
    keeper.refresh()

    assert ring.bearer(text) is None


def test_key_stops_even_if_the_database_fails_as_the_change_is_heard_of(
    ring: KeyRing, keeper: RulebookKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])
    assert ring.bearer(header(key, secret))
    ApiKey.objects.filter(pk=key.pk).update(enabled=False)

    def lost(*_: object) -> dict[str, keys.Key]:
        raise OperationalError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr(keys, "load", lost)
        with pytest.raises(OperationalError):
            keeper.refresh()
    keeper.refresh()

    assert ring.bearer(header(key, secret)) is None


def test_ring_that_nobody_tells_looks_at_the_configuration_itself() -> None:
    ring = KeyRing()
    key, secret = mint("shop", [Scope.EVENTS_PUT])
    assert ring.bearer(header(key, secret))

    ApiKey.objects.filter(pk=key.pk).update(enabled=False)

    assert ring.bearer(header(key, secret)) is None


def test_key_stops_at_the_moment_it_expires(ring: KeyRing) -> None:
    now = datetime.now(UTC)
    old, old_secret = mint("old", [Scope.EVENTS_PUT], expires_at=now - timedelta(milliseconds=1))
    lasting, secret = mint("lasting", [Scope.EVENTS_PUT], expires_at=now + timedelta(minutes=1))

    assert ring.bearer(header(old, old_secret)) is None
    assert ring.bearer(header(lasting, secret))


def test_flood_of_invented_keys_is_no_flood_of_queries(ring: KeyRing) -> None:
    with CaptureQueriesContext(connection) as queries:
        for number in range(5000):
            assert ring.bearer(f"Bearer EH{number:018}.secret") is None

    assert len(queries) <= 2 * keys.QUESTIONS_PER_SECOND  # the loop may run from one second into the next


def test_real_key_works_after_a_flood_once_heard_of(ring: KeyRing, keeper: RulebookKeeper) -> None:
    for number in range(100):
        ring.bearer(f"Bearer EH{number:018}.secret")
    key, secret = mint("shop", [Scope.EVENTS_PUT])

    keeper.refresh()

    assert ring.bearer(header(key, secret))


def test_key_is_limited_to_its_buses(ring: KeyRing) -> None:
    mine, other = Bus.objects.create(name="mine"), Bus.objects.create(name="other")
    key, secret = mint("shop", [Scope.EVENTS_PUT], buses=[mine])

    caller = ring.bearer(header(key, secret))

    assert caller is not None
    assert caller.may(Scope.EVENTS_PUT, mine.pk)
    assert not caller.may(Scope.EVENTS_PUT, other.pk)
    assert not caller.may(Scope.EVENTS_READ, mine.pk)


def test_scope_that_this_version_does_not_know_allows_nothing(ring: KeyRing) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])
    ApiKey.objects.filter(pk=key.pk).update(scopes=["events:put", "moon:walk"])

    caller = ring.bearer(header(key, secret))

    assert caller is not None
    assert caller.scopes == {Scope.EVENTS_PUT}


@pytest.mark.django_db(transaction=True)
def test_many_who_bring_a_new_key_at_once_are_all_let_in(ring: KeyRing) -> None:
    key, secret = mint("shop", [Scope.EVENTS_PUT])

    async def everyone() -> list[Caller | None]:
        return await asyncio.gather(*(ring.bearer_async(header(key, secret)) for _ in range(200)))

    assert all(asyncio.run(everyone()))
