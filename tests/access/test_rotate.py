"""Another secret key: all that was sealed under the old one opens under the new one."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from eventhub.access.keys import mint, ring
from eventhub.access.rotation import rotate_key
from eventhub.access.scopes import Scope
from eventhub.models import Connection, Target
from eventhub.secret import BrokenSealError, Purpose, seal, unseal

pytestmark = pytest.mark.django_db
OLD, NEW = "an old secret key of the installation", "a new secret key of the installation"


@pytest.fixture
def sealed(settings: Settings) -> tuple[str, Target, Connection]:
    """Seal an API key's, a target's and a connection's secrets under the old key, then change the key."""
    settings.SECRET_KEY = OLD
    key, secret = mint("till", [Scope.EVENTS_PUT])
    target = Target(name="till", url="http://till.example/")
    target.change_secrets({"password": "of the target"})
    target.save()
    connection = Connection(name="shop")
    connection.change_secrets({"token": "of the connection"})
    connection.save()
    settings.SECRET_KEY = NEW
    return f"{key.pk}.{secret}", target, connection


def rotate() -> str:
    said = StringIO()
    call_command("rotate_secrets", stdout=said)
    return said.getvalue()


def test_what_was_sealed_under_the_old_key_opens_under_the_new_one(
    sealed: tuple[str, Target, Connection], settings: Settings
) -> None:
    token, target, connection = sealed
    settings.OLD_SECRET_KEY = OLD
    assert ring.bearer(f"Bearer {token}") is None

    assert "1 API keys, 1 targets and 1 connections; 0 were" in rotate()

    target.refresh_from_db()
    connection.refresh_from_db()
    assert target.secrets() == {"password": "of the target"}
    assert connection.secrets() == {"token": "of the connection"}
    key = ring.find(token.partition(".")[0])
    assert key is not None
    assert f"{key.caller.name}.{key.secret()}" == token
    assert ring.bearer(f"Bearer {token}") == key.caller
    assert "0 API keys, 0 targets and 0 connections; 3 were" in rotate()


@pytest.mark.parametrize("old", ["", "the wrong old key of the installation"])
def test_without_the_right_old_key_nothing_changes(
    old: str, sealed: tuple[str, Target, Connection], settings: Settings
) -> None:
    token, target, _ = sealed
    settings.OLD_SECRET_KEY = old

    with pytest.raises(CommandError, match="EVENTHUB_OLD_SECRET_KEY"):
        rotate()

    settings.SECRET_KEY = OLD
    target.refresh_from_db()
    assert target.secrets() == {"password": "of the target"}
    assert ring.bearer(f"Bearer {token}") is not None


def test_a_secret_that_neither_key_opens_is_named_and_stops_everything(
    sealed: tuple[str, Target, Connection], settings: Settings
) -> None:
    _, target, _ = sealed
    Connection.objects.create(
        name="lost", sealed=seal("{}", Purpose.CONNECTION, "a third secret key of ours")
    )
    settings.OLD_SECRET_KEY = OLD

    with pytest.raises(CommandError, match="connection lost"):
        rotate()

    target.refresh_from_db()
    with pytest.raises(BrokenSealError):
        target.secrets()


def test_what_is_sealed_for_one_purpose_does_not_open_as_another() -> None:
    sealed = seal("secret", Purpose.TARGET, OLD)

    assert unseal(sealed, Purpose.TARGET, OLD) == "secret"
    for purpose in (Purpose.CONNECTION, Purpose.API_SECRET):
        with pytest.raises(BrokenSealError):
            unseal(sealed, purpose, OLD)


def test_a_changed_secret_leaves_the_others_and_none_takes_one_away() -> None:
    target = Target(name="till")
    target.change_secrets({"a": "1", "b": "2"})
    target.change_secrets({"b": None, "c": "3"})

    assert target.secrets() == {"a": "1", "c": "3"}
    assert target.secret_names() == ["a", "c"]
    target.change_secrets({"a": None, "c": None})
    assert target.sealed is None


def test_the_secret_that_a_key_had_before_is_sealed_anew_too(settings: Settings) -> None:
    settings.SECRET_KEY = OLD
    key, before = mint("till", [Scope.EVENTS_PUT])
    rotate_key(key.pk, overlap_seconds=60, now=datetime.now(UTC))
    settings.SECRET_KEY, settings.OLD_SECRET_KEY = NEW, OLD

    rotate()

    assert ring.bearer(f"Bearer {key.pk}.{before}")
    found = ring.find(key.pk)
    assert found is not None
    assert found.old_secret() == before
