"""AWS signatures, made by botocore's own signer."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from eventhub.access import sigv4
from eventhub.access.sigv4 import SignatureError

KEY_ID = "EHAAAAAAAAAAAAAAAAAA"
SECRET = "wJalrXUtnFEMI-K7MDENG_bPxRfiCYEXAMPLEKEY123"
BODY = b'{"Entries": [{"Detail": "caf\xc3\xa9"}]}'


def signed_by_botocore(
    *,
    body: bytes = BODY,
    secret: str = SECRET,
    region: str = "eu-west-1",
    service: str = "events",
    **headers: str,
) -> sigv4.Request:
    request = AWSRequest(
        method="POST",
        url="http://127.0.0.1:8000/",
        data=body,
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSEvents.PutEvents",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )
    SigV4Auth(Credentials(KEY_ID, secret), service, region).add_auth(request)
    sent = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    return sigv4.Request("POST", "/", "", sigv4.joined([*sent, (b"host", b"127.0.0.1:8000")]), body)


def changed(request: sigv4.Request, **headers: str) -> sigv4.Request:
    new = {**request.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return sigv4.Request(request.method, request.path, request.query, new, request.body)


def check(request: sigv4.Request, *, after: timedelta = timedelta(0), secret: str = SECRET) -> None:
    signed = sigv4.read(request.headers, request.query)
    sigv4.verify(signed, request, secret, now=datetime.now(UTC) + after)


def refusal(
    request: sigv4.Request, *, after: timedelta = timedelta(0), secret: str = SECRET
) -> SignatureError:
    with pytest.raises(SignatureError) as caught:
        check(request, after=after, secret=secret)
    return caught.value


def test_signature_of_botocore_is_verified() -> None:
    request = signed_by_botocore()

    check(request)

    signed = sigv4.read(request.headers)
    assert (signed.key_id, signed.region) == (KEY_ID, "eu-west-1")


def test_runs_of_spaces_and_repeated_headers_are_signed_as_botocore_folds_them() -> None:
    check(signed_by_botocore(x_amz_meta="  a   b "))


def test_unsigned_payload_is_verified_by_its_header() -> None:
    request = signed_by_botocore(x_amz_content_sha256="UNSIGNED-PAYLOAD")
    unsigned = sigv4.Request("POST", "/", "", request.headers, b"anything at all")

    # botocore hashes the body unless told otherwise by the header, as its S3 client does.
    check(unsigned)


@pytest.mark.parametrize(
    "tampered",
    [
        lambda request: sigv4.Request("POST", "/", "", request.headers, request.body + b" "),
        lambda request: sigv4.Request("PUT", "/", "", request.headers, request.body),
        lambda request: sigv4.Request("POST", "/x", "", request.headers, request.body),
        lambda request: sigv4.Request("POST", "/", "a=1", request.headers, request.body),
        lambda request: changed(request, host="127.0.0.1:9000"),
        lambda request: changed(request, x_amz_target="AWSEvents.DeleteRule"),
        lambda request: changed(request, authorization=request.headers["authorization"][:-1] + "é"),
    ],
)
def test_anything_changed_on_the_way_breaks_the_signature(tampered) -> None:
    error = refusal(tampered(signed_by_botocore()))

    assert error.code == "InvalidSignatureException"
    assert error.message == (
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details."
    )


def test_another_secret_does_not_fit() -> None:
    assert refusal(signed_by_botocore(secret="another")).code == "InvalidSignatureException"


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clock_may_differ_by_less_than_five_minutes(minutes: int) -> None:
    check(signed_by_botocore(), after=timedelta(minutes=minutes))


def test_old_signature_has_expired() -> None:
    error = refusal(signed_by_botocore(), after=timedelta(minutes=6))

    assert error.code == "InvalidSignatureException"
    assert error.message.startswith("Signature expired: ")
    assert error.message.endswith(" - 5 min.)")


def test_signature_of_the_future_is_not_yet_current() -> None:
    assert refusal(signed_by_botocore(), after=timedelta(minutes=-6)).message.startswith(
        "Signature not yet current: "
    )


def test_date_of_the_scope_must_be_that_of_the_request() -> None:
    request = signed_by_botocore()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y%m%d")
    today = request.headers["x-amz-date"][:8]

    error = refusal(
        changed(request, authorization=request.headers["authorization"].replace(today, yesterday))
    )

    assert error.message.startswith("Date in Credential scope does not match")


def test_header_that_changes_the_meaning_must_be_signed() -> None:
    error = refusal(changed(signed_by_botocore(), x_amz_security_token="slipped in"))

    assert "'x-amz-security-token' must be a 'SignedHeader'" in error.message


def test_signature_for_another_service_is_refused() -> None:
    assert "correct service: 'events'" in refusal(signed_by_botocore(service="sqs")).message


def test_missing_signature_is_a_missing_token() -> None:
    with pytest.raises(SignatureError) as caught:
        sigv4.read({"host": "x"})

    assert (caught.value.code, caught.value.message) == (
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )


@pytest.mark.parametrize(
    ("authorization", "wanted"),
    [
        ("Bearer EHX.secret", "Unsupported AWS 'algorithm': 'Bearer'."),
        ("AWS4-HMAC-SHA256", "requires 'Credential' parameter"),
        ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", "exactly 5 slash-delimited"),
        ("AWS4-HMAC-SHA256 Credential=a/b/c/events/x, SignedHeaders=host, Signature=0", "valid terminator"),
        ("AWS4-HMAC-SHA256 ,,,=,==, Signature", "requires 'Signature' parameter"),
    ],
)
def test_malformed_authorization_says_what_is_wrong(authorization: str, wanted: str) -> None:
    with pytest.raises(SignatureError) as caught:
        sigv4.read({"authorization": authorization, "x-amz-date": "20260102T030405Z"})

    assert wanted in caught.value.message


@pytest.mark.parametrize("at", ["", "yesterday", "20261399T000000Z", "٢٠٢٦٠١٠٢T٠٣٠٤٠٥Z"])
def test_date_that_is_none_is_refused(at: str) -> None:
    request = changed(signed_by_botocore(), x_amz_date=at)

    assert refusal(request).code == "IncompleteSignatureException"


def presigned_by_botocore(*, expires_seconds: int = 60, **headers: str) -> sigv4.Request:
    request = AWSRequest(
        method="GET",
        url="http://127.0.0.1:8000/?a=b%20c",
        headers={
            "X-Amz-Target": "AWSEvents.ListEventBuses",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
    )
    SigV4QueryAuth(Credentials(KEY_ID, SECRET), "events", "eu-west-1", expires=expires_seconds).add_auth(
        request
    )
    sent = [(name.encode(), value.encode()) for name, value in request.headers.items()]
    headers_sent = sigv4.joined([*sent, (b"host", b"127.0.0.1:8000")])
    return sigv4.Request("GET", "/", urlsplit(request.url).query, headers_sent, b"")


def with_query(request: sigv4.Request, query: str) -> sigv4.Request:
    return sigv4.Request(request.method, request.path, query, request.headers, request.body)


def test_presigned_request_is_verified_until_it_expires() -> None:
    request = presigned_by_botocore(expires_seconds=3600)

    check(request)
    check(request, after=timedelta(minutes=59))

    error = refusal(request, after=timedelta(minutes=61))
    assert error.code == "InvalidSignatureException"
    assert error.message.startswith("Signature expired: ")
    assert error.message.endswith("- 3600 s.)")


def test_presigned_request_with_an_unsigned_payload_is_verified() -> None:
    check(presigned_by_botocore(x_amz_content_sha256="UNSIGNED-PAYLOAD"))


def test_presigned_request_of_the_future_is_not_yet_current() -> None:
    error = refusal(presigned_by_botocore(), after=timedelta(minutes=-6))

    assert error.message.startswith("Signature not yet current: ")


@pytest.mark.parametrize(
    ("old", "new"),
    [("a=b%20c", "a=b%20d"), ("X-Amz-Expires=60", "X-Amz-Expires=61"), ("&X-Amz-Date", "&b=&X-Amz-Date")],
)
def test_anything_changed_in_a_presigned_query_breaks_the_signature(old: str, new: str) -> None:
    request = presigned_by_botocore()
    assert old in request.query

    assert refusal(with_query(request, request.query.replace(old, new))).message.startswith(
        "The request signature we calculated does not match"
    )


@pytest.mark.parametrize("name", ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"])
def test_presigned_query_without_a_member_says_which(name: str) -> None:
    request = presigned_by_botocore()
    members = [one for one in request.query.split("&") if not one.startswith(f"X-Amz-{name}=")]

    error = refusal(with_query(request, "&".join(members)))

    assert error.code == "IncompleteSignatureException"
    assert error.message == (
        f"AWS query-string parameters must include 'X-Amz-{name}'. Re-examine the query-string parameters."
    )


@pytest.mark.parametrize("expires", ["0", "604801", "-5", "1e3", "9" * 30])
def test_presigned_query_may_not_live_longer_than_a_week(expires: str) -> None:
    request = presigned_by_botocore()

    error = refusal(
        with_query(request, request.query.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}"))
    )

    assert error.message.startswith("X-Amz-Expires must be a number of seconds from 1 to 604800.")
