"""Asymmetric AWS signatures: a request that boto3 made with the AWS common runtime, as it was sent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from eventhub.access import sigv4
from eventhub.access.sigv4 import SignatureError

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AT = datetime(2026, 11, 24, 13, 36, 1, tzinfo=UTC)
CREDENTIAL = "EH234567ABCDEFGH2345/20261124/events/aws4_request"
SIGNATURE = (
    "3046022100fa1a4797caeceb16567f8d7bbe865640ed36fec71408e5f1a12ee5ad02344834"
    "022100c82a1de7a4980db577e67e52123fdaf9115c1b17983d6b547ad96918b5148ab5"
)
NAMES = "content-type;host;x-amz-date;x-amz-region-set;x-amz-target"
SENT = sigv4.Request(
    method="POST",
    path="/",
    query="",
    headers={
        "x-amz-target": "AWSEvents.PutEvents",
        "content-type": "application/x-amz-json-1.1",
        "host": "127.0.0.1:8000",
        "x-amz-date": "20261124T133601Z",
        "x-amz-region-set": "*",
        "authorization": (
            f"AWS4-ECDSA-P256-SHA256 Credential={CREDENTIAL}, SignedHeaders={NAMES}, Signature={SIGNATURE}"
        ),
    },
    body=(
        b'{"EndpointId": "abc.veo", "Entries": [{"Source": "shop", "DetailType": "order placed", '
        b'"Detail": "{}"}]}'
    ),
)


def check(request: sigv4.Request, *, secret: str = SECRET, now: datetime = AT) -> None:
    sigv4.verify(sigv4.read(request.headers), request, secret, now=now)


def changed(**headers: str) -> sigv4.Request:
    new = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(SENT, headers={**SENT.headers, **new})


def test_a_request_of_the_common_runtime_is_verified() -> None:
    check(SENT)


@pytest.mark.parametrize(
    ("request_", "secret", "now"),
    [
        (replace(SENT, body=SENT.body + b" "), SECRET, AT),
        (SENT, SECRET + "x", AT),
        (changed(x_amz_region_set="eu-west-1"), SECRET, AT),
        (changed(authorization=SENT.headers["authorization"][:-2]), SECRET, AT),
        (changed(authorization=SENT.headers["authorization"] + "no hexadecimal"), SECRET, AT),
        (changed(authorization=SENT.headers["authorization"].replace("2345/", "2346/")), SECRET, AT),
        (changed(authorization=SENT.headers["authorization"].replace("x-amz-region-set;", "")), SECRET, AT),
        (SENT, SECRET, AT + timedelta(minutes=6)),
    ],
)
def test_what_was_not_signed_so_is_refused(request_: sigv4.Request, secret: str, now: datetime) -> None:
    with pytest.raises(SignatureError) as caught:
        check(request_, secret=secret, now=now)

    assert caught.value.code == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("algorithm", "credential", "said"),
    [
        (
            "AWS4-ECDSA-P256-SHA256",
            "K/20261124/us-east-1/events/aws4_request",
            "exactly 4 slash-delimited elements, e.g. keyid/date/service/term,",
        ),
        ("AWS4-HMAC-SHA256", CREDENTIAL, "exactly 5 slash-delimited elements"),
        ("AWS4-HMAC-SHA256", "K/20261124//events/aws4_request", "scoped to a valid region"),
    ],
)
def test_each_algorithm_has_its_own_scope(algorithm: str, credential: str, said: str) -> None:
    authorization = f"{algorithm} Credential={credential}, SignedHeaders={NAMES}, Signature={SIGNATURE}"

    with pytest.raises(SignatureError, match=said):
        check(changed(authorization=authorization))
