"""First credentials from the environment, and the key of the first curl."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.exceptions import ImproperlyConfigured

from eventhub.access.bootstrap import bootstrap
from eventhub.access.first_event import first_event_key
from eventhub.access.keys import KeyRing, mint
from eventhub.access.scopes import Scope
from eventhub.access.seal import BrokenSealError, seal, unseal
from eventhub.models import ApiKey, Bus

pytestmark = pytest.mark.django_db

KEY_ID = "EHBOOTSTRAP12345"
SECRET = "a-secret-of-at-least-32-characters:with-colon"
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_bootstrap_key_is_made_once_and_administers(settings) -> None:
    settings.BOOTSTRAP_KEY = f"{KEY_ID}:{SECRET}"

    bootstrap()
    bootstrap()

    caller = KeyRing().bearer(f"Bearer {KEY_ID}.{SECRET}")
    assert caller is not None
    assert caller.may(Scope.ADMIN)


def test_bootstrap_leaves_a_stored_key_as_it_is(settings) -> None:
    settings.BOOTSTRAP_KEY = f"{KEY_ID}:{SECRET}"
    bootstrap()
    ApiKey.objects.filter(pk=KEY_ID).update(enabled=False)

    settings.BOOTSTRAP_KEY = f"{KEY_ID}:{SECRET}-another"
    bootstrap()

    assert KeyRing().bearer(f"Bearer {KEY_ID}.{SECRET}-another") is None
    assert not ApiKey.objects.get(pk=KEY_ID).enabled


@pytest.mark.parametrize(
    "setting",
    ["no-colon", f"short:{SECRET}", f"{KEY_ID}:short", f"{KEY_ID.lower()}:{SECRET}", f"{KEY_ID}:{SECRET} x"],
)
def test_malformed_bootstrap_key_stops_the_start_without_showing_it(settings, setting: str) -> None:
    settings.BOOTSTRAP_KEY = setting

    with pytest.raises(ImproperlyConfigured) as caught:
        bootstrap()

    assert "EVENTHUB_BOOTSTRAP_KEY: wanted <id>:<secret>" in str(caught.value)
    assert setting not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_administrator_is_made_once_and_can_sign_in(settings) -> None:
    settings.ADMIN_USER, settings.ADMIN_PASSWORD = "ann", "correct horse"
    bootstrap()
    settings.ADMIN_PASSWORD = "another"

    bootstrap()

    user = authenticate(username="ann", password="correct horse")
    assert user is not None
    assert user.is_superuser
    assert get_user_model().objects.count() == 1


def test_administrator_without_password_stops_the_start(settings) -> None:
    settings.ADMIN_USER = "ann"

    with pytest.raises(ImproperlyConfigured, match="set both or none"):
        bootstrap()


def test_first_event_key_puts_events_on_its_bus_for_an_hour() -> None:
    bus, other = Bus.objects.get(name="default"), Bus.objects.create(name="other")

    key, secret = first_event_key(bus, datetime.now(UTC))

    caller = KeyRing().bearer(f"Bearer {key.pk}.{secret}")
    assert caller is not None
    assert [scope for scope in Scope if caller.may(scope)] == [Scope.EVENTS_PUT]
    assert caller.may(Scope.EVENTS_PUT, bus.pk)
    assert not caller.may(Scope.EVENTS_PUT, other.pk)
    assert key.expires_at - datetime.now(UTC) <= timedelta(hours=1)


def test_page_opened_again_shows_the_same_key_while_it_lasts() -> None:
    bus = Bus.objects.get(name="default")
    first = first_event_key(bus, NOON)

    again = first_event_key(bus, NOON + timedelta(minutes=20))
    later = first_event_key(bus, NOON + timedelta(minutes=40))

    assert again == first
    assert later[0].pk != first[0].pk


def test_expired_first_event_keys_are_forgotten_and_others_are_not() -> None:
    bus = Bus.objects.get(name="default")
    old, _ = first_event_key(bus, NOON)
    kept, _ = mint("expired, but not ours", [Scope.EVENTS_PUT], expires_at=NOON)

    new, _ = first_event_key(bus, NOON + timedelta(hours=2))

    assert set(ApiKey.objects.values_list("pk", flat=True)) == {kept.pk, new.pk}
    assert old.pk not in {kept.pk, new.pk}


def test_sealed_secret_opens_only_under_the_same_secret_key(settings) -> None:
    sealed = seal("s3cret")
    assert unseal(sealed) == "s3cret"

    settings.SECRET_KEY = "x" * 40
    with pytest.raises(BrokenSealError, match="EVENTHUB_SECRET_KEY"):
        unseal(sealed)
