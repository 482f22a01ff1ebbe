"""API keys in the admin."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from eventhub.access.keys import ring
from eventhub.access.scopes import Scope
from eventhub.models import ApiKey, Bus, KeyUse, current_version

pytestmark = pytest.mark.django_db
LIST = "/admin/eventhub/apikey/"


def make_key(ann: Client, **members: Any) -> tuple[ApiKey, str]:
    response = ann.post(LIST + "add/", {"name": "till", "scopes": [Scope.EVENTS_PUT], **members})
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    secret = re.search(r'id="key-secret">([^<]+)<', response.content.decode())
    assert secret, response.content.decode()
    return ApiKey.objects.get(), secret[1]


def test_a_made_key_shows_a_secret_that_works(ann: Client) -> None:
    bus = Bus.objects.create(name="ours")

    key, secret = make_key(ann, buses=[bus.pk])

    caller = ring.bearer(f"Bearer {key.pk}.{secret}")
    assert caller is not None
    assert (caller.scopes, caller.bus_ids) == ({Scope.EVENTS_PUT}, {bus.pk})


def test_a_made_key_has_the_rate_that_was_asked_for(ann: Client) -> None:
    key, _ = make_key(ann, rate_per_second="2.5")

    assert key.rate_per_second == 2.5
    refused = ann.post(f"{LIST}{key.pk}/change/", {"name": "x", "scopes": ["admin"], "rate_per_second": "0"})
    assert "rate_per_second" in refused.context["adminform"].form.errors


def test_the_secret_is_shown_once_and_never_again(ann: Client) -> None:
    key, secret = make_key(ann)

    for path in (LIST, f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/history/", "/admin/"):
        assert secret not in ann.get(path).content.decode()
    assert secret not in str(ann.cookies) + str(dict(ann.session.items()))


def test_a_key_of_another_account_is_made_as_such_and_puts_events_only_where_a_policy_lets_it(
    ann: Client,
) -> None:
    ours, theirs = Bus.objects.create(name="ours"), Bus.objects.create(name="theirs")
    theirs.policy = [{"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}]
    theirs.save()

    key, secret = make_key(ann, account="111122223333", scopes=[Scope.EVENTS_PUT, Scope.EVENTS_READ])

    caller = ring.bearer(f"Bearer {key.pk}.{secret}")
    assert caller is not None
    assert (key.account, caller.scopes) == ("111122223333", {Scope.EVENTS_PUT})
    assert caller.may(Scope.EVENTS_PUT, theirs.pk)
    assert not caller.may(Scope.EVENTS_PUT, ours.pk)


def test_a_key_without_a_scope_is_refused(ann: Client) -> None:
    response = ann.post(LIST + "add/", {"name": "till"})

    assert list(response.context["adminform"].form.errors) == ["scopes"]
    assert not ApiKey.objects.exists()


def test_a_key_can_be_changed_without_another_secret(ann: Client) -> None:
    key, secret = make_key(ann)
    before = current_version()

    ann.post(f"{LIST}{key.pk}/change/", {"name": "till", "scopes": [Scope.EVENTS_READ], "enabled": "on"})

    caller = ring.bearer(f"Bearer {key.pk}.{secret}")
    assert caller is not None
    assert caller.scopes == {Scope.EVENTS_READ}
    assert current_version() > before


def test_a_limited_key_does_not_lose_its_limit(ann: Client) -> None:
    key, _ = make_key(ann, buses=[Bus.objects.get().pk])

    response = ann.post(f"{LIST}{key.pk}/change/", {"name": "till", "scopes": [Scope.EVENTS_PUT]})

    assert list(response.context["adminform"].form.errors) == ["buses"]


def test_an_action_disables_a_key(ann: Client) -> None:
    key, secret = make_key(ann)

    ann.post(LIST, {"action": "disable", "_selected_action": [key.pk]})

    assert ring.bearer(f"Bearer {key.pk}.{secret}") is None


def test_sources_are_written_one_a_line(ann: Client) -> None:
    key, _ = make_key(ann, sources="shop.*\n\n till ")

    assert key.sources == ["shop.*", "till"]
    assert "shop.*\ntill" in ann.get(f"{LIST}{key.pk}/change/").content.decode()
    refused = ann.post(f"{LIST}{key.pk}/change/", {"name": "x", "scopes": ["admin"], "sources": "a*b"})
    assert list(refused.context["adminform"].form.errors) == ["sources"]


def test_a_rotation_shows_another_secret_once_and_keeps_the_old_one_good(ann: Client) -> None:
    key, old = make_key(ann)

    response = ann.post(f"{LIST}{key.pk}/rotate/", {"overlap_seconds": "3600"})

    assert "no-store" in response.headers["Cache-Control"]
    shown = re.search(r'id="key-secret">([^<]+)<', response.content.decode())
    assert shown
    for secret in (old, shown[1]):
        assert ring.bearer(f"Bearer {key.pk}.{secret}")
    page = ann.get(f"{LIST}{key.pk}/change/").content.decode()
    assert "is good beside the new one until" in page
    assert shown[1] not in page


def test_a_rotation_asks_for_one_of_its_overlaps_by_post(ann: Client) -> None:
    key, _ = make_key(ann)

    assert ann.get(f"{LIST}{key.pk}/rotate/").status_code == 405
    assert ann.post(f"{LIST}{key.pk}/rotate/", {"overlap_seconds": "5"}).status_code == 400
    assert ann.post(f"{LIST}nobody/rotate/", {"overlap_seconds": "0"}).status_code == 404


def test_the_list_says_when_a_key_was_last_used(ann: Client) -> None:
    key, _ = make_key(ann)
    assert "never" in ann.get(LIST).content.decode()

    KeyUse.objects.create(key=key, last_at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))

    assert "2026-01-02 03:04 UTC" in ann.get(LIST).content.decode()
