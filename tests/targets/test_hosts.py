"""What saving and testing refuse, and what kinds are told about their settings."""

import pytest

from eventhub.domain.addresses import AddressGuard
from eventhub.domain.hosts import check_host, check_url
from eventhub.targets.kinds import UnknownKindError, check_settings, complete, kind_of

PUBLIC_ONLY = AddressGuard()


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://93.184.215.14:8080/x?y=z", "http://a_b.test"]
)
def test_a_public_url_passes(url: str):
    check_url(url, PUBLIC_ONLY)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "0x7F000001",
        "017700000001",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "[::]",
        "[::1]",
        "[fe80::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "localhost",
        "LOCALHOST.",
        "shop.localhost",
    ],
)
def test_a_forbidden_address_is_refused_at_saving_in_every_spelling(host: str):
    with pytest.raises(ValueError, match="EVENTHUB_ALLOWED_NETWORKS does not allow it"):
        check_url(f"http://{host}/", PUBLIC_ONLY)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http:///path",
        "http://user:password@example.com/",
        "http://example.com@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\r\nX: y",
        "http://example.com:0/",
        "http://example.com:70000/",
        "http://example.com/#fragment",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://127%2e0.0.1/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://-a.example/",
        "http://a..example/",
        "http://１２７.0.0.1/",
    ],
)
def test_what_two_readers_may_read_differently_is_refused(url: str):
    with pytest.raises(ValueError, match="wanted"):
        check_url(url)


def test_a_password_in_a_url_is_not_repeated():
    with pytest.raises(ValueError, match="connection") as caught:
        check_url("http://user:hunter2@example.com/")

    assert "hunter2" not in str(caught.value)


def test_other_letters_are_answered_with_their_ascii_form():
    with pytest.raises(ValueError, match=r"perhaps https://xn--bcher-kva.example/%C3%A4"):
        check_url("https://bücher.example/ä")


def test_a_host_of_its_own_is_checked_alike():
    check_host("redis.example.com", PUBLIC_ONLY)
    with pytest.raises(ValueError, match="loopback"):
        check_host("0x7f.1", PUBLIC_ONLY)


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(UnknownKindError, match=r"wanted one of webhook, bus.*, found 'web'"):
        kind_of("web")


def test_settings_are_checked_field_by_field():
    wrong = check_settings(
        kind_of("webhook"),
        {"url": "ftp://x/", "headers": {"Host": "x"}, "handshake": "yes", "colour": "red", "signing": []},
    )

    assert wrong["colour"].startswith("unknown: a webhook target takes url, headers")
    assert wrong["url"].startswith("wanted http://host/path")
    assert wrong["headers"] == "Host: this header is set by Eventhub"
    assert wrong["handshake"] == "wanted true or false, found 'yes'"
    assert "signing" not in wrong


def test_what_is_required_is_asked_for():
    assert check_settings(kind_of("webhook"), {}) == {"url": "URL is required"}
    assert check_settings(kind_of("webhook"), {"url": "http://x/", "handshake": True}) == {}


def test_defaults_are_filled_in():
    assert complete(kind_of("webhook"), {"url": "http://x/", "origin": None}) == {
        "url": "http://x/",
        "handshake": False,
    }


@pytest.mark.parametrize("value", ["a\r\nb", "ü"])
def test_a_header_that_would_break_the_request_is_refused_and_not_repeated(value: str):
    wrong = check_settings(kind_of("webhook"), {"url": "http://x/", "headers": {"X-A": value}})

    assert wrong == {"headers": "X-A: wanted a value of printable ASCII characters, found others"}
