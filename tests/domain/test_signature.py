import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from eventhub.domain.signature import (
    PrivateKey,
    SecretError,
    SignatureError,
    SigningSecret,
    parse_public_key,
    parse_secret,
    private_key,
    sign,
    symmetric_secret,
    verify,
)

NOW = 1_767_355_200
BODY = '{"id":"é"}'.encode()
# The first pair of RFC 8032, section 7.1, in the long form that other implementations write.
LONG_PRIVATE = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg=="
LONG_PUBLIC = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

secrets = st.one_of(
    st.binary(min_size=24, max_size=64).map(symmetric_secret),
    st.binary(min_size=32, max_size=32).map(private_key),
)


def signed(*secrets: SigningSecret, body: bytes = BODY, at: int = NOW) -> dict[str, str]:
    return dict(sign("0192f3c7-a1b2-7000-8000-000000000000-7", at, body, secrets))


def refusal(headers: dict[str, str], *secrets, body: bytes = BODY, now: float = NOW) -> str:
    with pytest.raises(SignatureError) as caught:
        verify(headers, body, secrets, now_seconds=now)
    return str(caught.value)


def test_published_example_is_signed_as_published():
    secret = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [secret])

    assert headers[2] == ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")


@given(st.binary(min_size=24, max_size=64), st.text())
def test_published_library_verifies_what_we_sign(random: bytes, text: str):
    secret = symmetric_secret(random)
    body = text.encode("utf-8", "replace")
    headers = signed(secret, body=body, at=int(time.time()))

    Webhook(str(secret)).verify(body, headers, json_parse=False)


def test_published_library_refuses_another_body():
    secret = symmetric_secret(bytes(32))
    headers = signed(secret, at=int(time.time()))

    with pytest.raises(WebhookVerificationError):
        Webhook(str(secret)).verify(b"{}", headers)


def test_published_library_verifies_either_secret_during_an_overlap():
    old, new, pair = symmetric_secret(bytes(32)), symmetric_secret(b"n" * 32), private_key(bytes(32))
    headers = signed(new, old, pair, at=int(time.time()))

    assert [part.partition(",")[0] for part in headers["webhook-signature"].split(" ")] == ["v1", "v1", "v1a"]
    for secret in (old, new):
        Webhook(str(secret)).verify(BODY, headers)


@given(secrets, st.binary(), st.integers(0, 2**34))
def test_what_is_signed_verifies_and_nothing_else_does(secret: SigningSecret, body: bytes, at: int):
    key = secret.public if isinstance(secret, PrivateKey) else secret
    headers = signed(secret, body=body, at=at)

    verify(headers, body, [key], now_seconds=at)
    assert "known secret" in refusal(headers, key, body=body + b" ", now=at)
    assert "known secret" in refusal({**headers, "webhook-id": "other"}, key, body=body, now=at)


@given(secrets)
def test_secret_is_read_back_from_its_text(secret: SigningSecret):
    assert str(parse_secret(str(secret))) == str(secret)
    if isinstance(secret, PrivateKey):
        assert str(parse_public_key(str(secret.public))) == str(secret.public)


def test_long_form_of_a_private_key_is_understood():
    pair = parse_secret(LONG_PRIVATE)

    assert isinstance(pair, PrivateKey)
    assert (str(pair), str(pair.public)) == (LONG_PRIVATE, LONG_PUBLIC)
    verify(signed(pair), BODY, [parse_public_key(LONG_PUBLIC)], now_seconds=NOW)


def test_seed_alone_is_a_private_key_too():
    seed = base64.b64decode(LONG_PRIVATE.removeprefix("whsk_"))[:32]

    assert str(parse_secret("whsk_" + base64.b64encode(seed).decode())) == LONG_PRIVATE


def test_secret_without_padding_is_understood():
    assert str(parse_secret("whsec_" + "A" * 43)) == "whsec_" + "A" * 43 + "="


def test_secret_is_not_shown_by_its_representation():
    assert repr(symmetric_secret(b"s" * 32)) == "SymmetricSecret()"
    assert repr(private_key(b"s" * 32)) == "PrivateKey()"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wanted whsec_… or whsk_…, found text that begins with neither"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "found text that begins with neither"),
        ("whsec_", "wanted 24 to 64 bytes after whsec_, found 0"),
        ("whsec_" + "A" * 88, "wanted 24 to 64 bytes after whsec_, found 66"),
        ("whsec_not base64 at all, is it?", "wanted base64 after whsec_, found other characters"),
        ("whsec_é", "wanted base64 after whsec_, found other characters"),
        ("whsec_AAAAA", "wanted base64 after whsec_, found other characters"),
        ("whsk_" + "A" * 40, "wanted 32 or 64 bytes after whsk_, found 30"),
        (LONG_PRIVATE[:60] + "A" * 31 + "==", "wanted two halves of one pair"),
        (LONG_PUBLIC, "wanted a private key (whsk_…), found its public half"),
    ],
)
def test_malformed_secret_is_refused_without_repeating_it(text: str, message: str):
    with pytest.raises(SecretError) as caught:
        parse_secret(text)

    assert message in str(caught.value)
    assert len(text) < 8 or text[6:] not in str(caught.value)


@pytest.mark.parametrize("text", [LONG_PRIVATE, "whpk_AAAA", "whpk_***"])
def test_malformed_public_key_is_refused(text: str):
    with pytest.raises(SecretError, match="wanted"):
        parse_public_key(text)


@pytest.mark.parametrize("length", [23, 65])
def test_secret_of_a_wrong_length_is_not_made(length: int):
    with pytest.raises(SecretError):
        symmetric_secret(bytes(length))


@pytest.mark.parametrize("length", [31, 33])
def test_pair_of_a_wrong_length_is_not_made(length: int):
    with pytest.raises(SecretError):
        private_key(bytes(length))


@pytest.mark.parametrize("identifier", ["", "a.b", "a b", "a\r\nb", "é", "x" * 257])
def test_id_that_could_be_misread_is_refused(identifier: str):
    with pytest.raises(ValueError, match="webhook-id"):
        sign(identifier, NOW, BODY, [])


def test_without_secrets_the_id_and_timestamp_remain():
    assert list(signed()) == ["webhook-id", "webhook-timestamp"]


@pytest.mark.parametrize("off", [301, -301])
def test_stale_or_early_request_is_refused(off: int):
    secret = symmetric_secret(bytes(32))

    assert "at most 300 s off" in refusal(signed(secret), secret, now=NOW + off)


def test_unknown_versions_and_broken_signatures_are_passed_over():
    secret = symmetric_secret(bytes(32))
    headers = signed(secret)
    headers["webhook-signature"] = "v9,AAAA v1,*** v1 " + headers["webhook-signature"]

    verify(headers, BODY, [secret], now_seconds=NOW)


def test_signature_of_one_version_does_not_pass_as_another():
    secret = symmetric_secret(bytes(32))
    headers = signed(secret)
    headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v1a,")

    assert "known secret" in refusal(headers, secret)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_header_is_named(name: str):
    secret = symmetric_secret(bytes(32))
    headers = signed(secret)
    del headers[name]

    assert refusal(headers, secret) == f"{name}: wanted this header, found none"


def test_timestamp_must_be_a_number():
    secret = symmetric_secret(bytes(32))

    assert "seconds since 1970" in refusal({**signed(secret), "webhook-timestamp": "now"}, secret)
