from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.domain.addresses import normalised, refusal


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "93.184.215.14",
        "100.63.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "2606:4700::1111",
        "2a00:1450::1",
    ],
)
def test_public_addresses_may_be_reached(address: str):
    assert refusal(address) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.1.2", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("::", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("fd12:3456::1", "private"),
        ("fec0::1", "private"),
        ("100.64.0.1", "shared"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("169.254.169.254", "cloud metadata"),
        ("169.254.170.2", "cloud metadata"),
        ("100.100.100.200", "cloud metadata"),
        ("fd00:ec2::254", "cloud metadata"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("198.18.0.1", "benchmarking"),
        ("192.0.2.1", "documentation"),
        ("2001:db8::1", "documentation"),
        ("100::1", "reserved"),
        ("4000::1", "reserved"),
        ("64:ff9b:1::1", "private"),
    ],
)
def test_everything_else_is_refused_by_its_name(address: str, kind: str):
    assert f" {kind}" in (refusal(address) or "allowed")


@pytest.mark.parametrize(
    ("wrapped", "form"),
    [
        ("::ffff:127.0.0.1", "mapped"),
        ("::ffff:7f00:1", "mapped"),
        ("::ffff:0:127.0.0.1", "translated"),
        ("::127.0.0.1", "compatible"),
        ("64:ff9b::127.0.0.1", "NAT64"),
        ("2002:7f00:1::1", "6to4"),
        ("2001:0:1:1:1:1:80ff:fffe", "Teredo"),
    ],
)
def test_an_ipv4_address_cannot_hide_in_ipv6(wrapped: str, form: str):
    assert "loopback address (127.0.0.1)" in (refusal(wrapped) or f"{form} allowed")
    assert refusal(wrapped, loopback_allowed=True) is None


def test_a_wrapped_public_address_stays_public():
    assert refusal("64:ff9b::1.1.1.1") is None


def test_loopback_is_reached_only_where_it_is_allowed():
    assert refusal("127.0.0.1", loopback_allowed=True) is None
    assert refusal("::1", loopback_allowed=True) is None
    assert "unspecified" in (refusal("0.0.0.0", loopback_allowed=True) or "allowed")
    assert "private" in (refusal("10.0.0.1", loopback_allowed=True) or "allowed")


def test_the_operators_networks_are_allowed_in_every_form():
    allowed = [ip_network("10.2.0.0/16"), ip_network("fd00:1::/32")]

    assert refusal("10.2.3.4", allowed=allowed) is None
    assert refusal("::ffff:10.2.3.4", allowed=allowed) is None
    assert refusal("fd00:1::5", allowed=allowed) is None
    assert "private" in (refusal("10.3.0.1", allowed=allowed) or "allowed")


@pytest.mark.parametrize("text", ["", "example.com", "127.1", "0x7f000001", "2130706433", "1.2.3.4:80"])
def test_what_is_no_address_is_refused(text: str):
    assert "not an IP address" in (refusal(text) or "allowed")


@given(st.ip_addresses(v=4))
def test_no_form_of_an_address_is_judged_otherwise_than_the_address(address: IPv4Address):
    number = int(address)
    forms = [0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]

    for form in forms:
        assert normalised(IPv6Address(form)) == address
        assert (refusal(str(IPv6Address(form))) is None) == (refusal(str(address)) is None)
