"""When keys were last used: noted in memory, written down now and then."""

import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventhub.access.keys import KeyRing, mint
from eventhub.access.last_use import LastUse, record
from eventhub.access.scopes import Scope
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.models import ApiKey, KeyUse, current_version

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def ring() -> KeyRing:
    keeper = RulebookKeeper()
    keeper.refresh()
    ring = KeyRing()
    ring.follow(keeper.on_other_change)
    return ring


def test_a_use_is_written_down_once_and_changes_no_configuration(ring: KeyRing) -> None:
    key, secret = mint("till", [Scope.EVENTS_PUT])
    last_use = LastUse(ring)
    before = time.time()
    for _ in range(10):
        assert ring.bearer(f"Bearer {key.pk}.{secret}")
    version = current_version()

    last_use.write()
    with CaptureQueriesContext(connection) as queries:
        last_use.write()

    assert KeyUse.objects.get(key=key).last_at.timestamp() == pytest.approx(before, abs=60)
    assert len(queries) == 0
    assert current_version() == version


def test_a_wrong_secret_is_no_use(ring: KeyRing) -> None:
    key, _ = mint("till", [Scope.EVENTS_PUT])

    assert ring.bearer(f"Bearer {key.pk}.wrong") is None
    LastUse(ring).write()

    assert not KeyUse.objects.exists()


def test_a_use_is_remembered_while_keys_are_read_again(ring: KeyRing) -> None:
    key, secret = mint("till", [Scope.EVENTS_PUT])
    ring.bearer(f"Bearer {key.pk}.{secret}")

    mint("other", [Scope.EVENTS_PUT])
    ring.refresh()

    assert key.pk in ring.used()


def test_an_earlier_use_that_another_process_saw_does_not_take_back_a_later_one() -> None:
    key, _ = mint("till", [Scope.EVENTS_PUT])

    for moment in (NOON, NOON.replace(hour=11)):
        record({key.pk: moment.timestamp()})

    assert KeyUse.objects.get(key=key).last_at == NOON


def test_a_use_of_a_deleted_key_is_forgotten() -> None:
    key, _ = mint("till", [Scope.EVENTS_PUT])
    ApiKey.objects.filter(pk=key.pk).delete()

    record({key.pk: NOON.timestamp()})

    assert not KeyUse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_was_used_before_the_end_is_written_at_the_end() -> None:
    key, secret = mint("till", [Scope.EVENTS_PUT])
    ring = KeyRing()
    last_use = LastUse(ring)
    last_use.start()
    assert ring.bearer(f"Bearer {key.pk}.{secret}")

    last_use.stop()

    assert KeyUse.objects.filter(key=key).exists()
