"""The one-time sign-in link, and the pages of signing in."""

import hashlib
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from eventhub.access.sign_in import make_link, use_link
from eventhub.models import SignInLink

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    """Return a browser that checks forms' tokens as real ones are checked."""
    return Client(enforce_csrf_checks=True)


def press(browser: Client, path: str, **fields: str) -> HTTPStatus:
    """Open a page and send its form; return the status."""
    browser.get(path)
    fields["csrfmiddlewaretoken"] = browser.cookies["csrftoken"].value
    return HTTPStatus(browser.post(path, fields).status_code)


def test_link_signs_an_administrator_in_once(browser: Client) -> None:
    path = f"/sign-in/{make_link()}"

    assert press(browser, path) == 302
    user = User.objects.get()
    assert browser.session["_auth_user_id"] == str(user.pk)
    assert (user.username, user.is_superuser, user.has_usable_password()) == ("admin", True, False)
    assert browser.get(path).status_code == 410
    assert Client().post(path).status_code == 410


def test_looking_at_the_link_does_not_spend_it(browser: Client) -> None:
    path = f"/sign-in/{make_link()}"

    assert [browser.get(path).status_code for _ in range(3)] == [200, 200, 200]
    assert press(browser, path) == 302


def test_link_is_good_for_ten_minutes() -> None:
    token = make_link()
    assert SignInLink.objects.get().expires_at <= timezone.now() + timedelta(minutes=10)
    SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert use_link(token) is None
    assert Client().get(f"/sign-in/{token}").status_code == 410


def test_only_the_digest_of_a_link_is_kept() -> None:
    token = make_link()

    assert len(token) >= 43  # 256 random bits
    assert bytes(SignInLink.objects.get().digest) == hashlib.sha256(token.encode()).digest()


def test_link_is_for_the_administrator_there_is() -> None:
    ann = User.objects.create_superuser("ann", password="correct horse battery")

    assert use_link(make_link()) == ann


def test_link_of_someone_switched_off_is_no_good() -> None:
    token = make_link()
    User.objects.update(is_active=False)

    assert use_link(token) is None


def test_unknown_link_says_what_to_do() -> None:
    page = Client().get("/sign-in/guessed")

    assert page.status_code == 410
    assert b"Start Eventhub again" in page.content


def test_password_signs_in_and_out(browser: Client) -> None:
    User.objects.create_user("ann", password="correct horse battery")

    assert press(browser, "/sign-in", username="ann", password="wrong") == 200
    assert "_auth_user_id" not in browser.session
    assert press(browser, "/sign-in", username="ann", password="correct horse battery") == 302
    assert "_auth_user_id" in browser.session

    token = browser.cookies["csrftoken"].value
    assert browser.get("/sign-out").status_code == 405
    assert browser.post("/sign-out", {"csrfmiddlewaretoken": token}).status_code == 302
    assert "_auth_user_id" not in browser.session


def test_signing_in_does_not_lead_to_another_site(browser: Client) -> None:
    User.objects.create_user("ann", password="correct horse battery")
    browser.get("/sign-in")
    fields = {"username": "ann", "password": "correct horse battery", "next": "https://evil.example/"}
    fields["csrfmiddlewaretoken"] = browser.cookies["csrftoken"].value

    assert browser.post("/sign-in", fields).headers["Location"] == "/flow"
