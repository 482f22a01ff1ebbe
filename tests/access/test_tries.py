"""Signing in again and again: who has to wait, and who does not."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from eventhub.access import tries
from eventhub.access.tries import succeeded, take
from eventhub.models import SignInTries

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HERE, THERE = "192.0.2.1", "198.51.100.7"


def tried(
    count: int, name: str = "ann", address: str = HERE, now: datetime = NOON, known: bool = False
) -> float:
    """Try so many times at once; return how long the last has to wait."""
    return [take(name, address, is_known_browser=known, now=now) for _ in range(count)][-1]


def test_five_tries_are_free_and_then_each_waits_twice_as_long() -> None:
    assert tried(5) == 0
    assert tried(1) == 2
    assert tried(3) == 2  # those that have to wait are not counted

    assert tried(1, now=NOON + timedelta(seconds=2)) == 0
    assert tried(1, now=NOON + timedelta(seconds=2)) == 4


def test_another_address_does_not_wait_for_this_one() -> None:
    tried(6)

    assert tried(1, address=THERE) == 0


def test_one_address_that_tries_many_names_waits() -> None:
    assert [tried(1, name=f"user-{number}") for number in range(20)] == [0] * 20
    assert tried(1, name="user-20") == 2
    assert tried(1, name="user-20", address=THERE) == 0


def test_many_addresses_that_try_one_name_let_its_owner_wait_for_seconds_only() -> None:
    now = NOON
    for number in range(100):
        take("ann", f"2001:db8:0:{number:x}::1", is_known_browser=False, now=now)
        now += timedelta(seconds=10)

    assert 0 < tried(1, address=THERE, now=now - timedelta(seconds=10)) <= 10
    assert tried(1, address=THERE, now=now - timedelta(seconds=10), known=True) == 0


def test_addresses_of_one_network_count_together() -> None:
    tried(3, address="2001:db8::1")
    tried(2, address="2001:db8::2")

    assert tried(1, address="2001:db8::3") == 2


def test_a_success_forgets_the_tries_of_the_name_and_its_own_of_the_address() -> None:
    tried(5)
    succeeded("ann", HERE)

    assert tried(5) == 0
    assert SignInTries.objects.get(of=tries._head("address", HERE)).count == 9


def test_tries_are_forgotten_after_an_hour() -> None:
    tried(6)

    assert tried(5, now=NOON + timedelta(hours=1, seconds=1)) == 0
    assert SignInTries.objects.count() == 3


def test_what_is_typed_for_a_name_is_not_kept() -> None:
    tried(1, name="correct horse battery")

    assert not [row for row in SignInTries.objects.all() if "correct" in row.of]


def sign_in(browser: Client, password: str, name: str = "ann") -> int:
    response = browser.post("/sign-in", {"username": name, "password": password})
    if response.status_code == 429:
        assert int(response.headers["Retry-After"]) >= 1
        assert "Too many tries" in response.content.decode()
        assert 'value="ann"' in response.content.decode()
    return response.status_code


def test_the_page_lets_wait_even_with_the_right_password() -> None:
    User.objects.create_user("ann", password="right")
    browser = Client()

    assert [sign_in(browser, "wrong") for _ in range(5)] == [200] * 5
    assert sign_in(browser, "right") == 429
    assert "_auth_user_id" not in browser.session


def test_a_browser_that_signed_in_before_is_known_by_a_cookie_that_scripts_do_not_see() -> None:
    User.objects.create_user("ann", password="right")
    browser = Client()
    assert sign_in(browser, "right") == 302

    known = browser.cookies["eventhub_known"]

    assert (known["httponly"], known["samesite"]) == (True, "Lax")
    browser.cookies["sessionid"] = ""
    for number in range(30):
        take("ann", f"203.0.113.{number}", is_known_browser=False, now=datetime.now(UTC))
    assert sign_in(Client(REMOTE_ADDR=THERE), "right") == 429
    assert sign_in(browser, "right") == 302


def test_a_cookie_of_somebodys_own_making_makes_no_known_browser() -> None:
    browser = Client()
    browser.cookies["eventhub_known"] = "ann:made-up"
    for number in range(30):
        take("ann", f"203.0.113.{number}", is_known_browser=False, now=datetime.now(UTC))

    assert sign_in(browser, "right") == 429
