"""Whose keys sign, where calls may go, and that nothing of this machine has a say in it."""

import re
import socket
from pathlib import Path

import pytest

from eventhub.domain.addresses import AddressGuard
from eventhub.targets.aws import clients
from eventhub.targets.kinds import check_settings, kind_of
from eventhub.targets.verdict import Decision
from tests import receiver as answers
from tests.moto_server import ACCOUNT, Moto
from tests.receiver import Receiver
from tests.targets.aws.calls import KEYS, SECRET, TOKEN, attempt, delivered

STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/orders"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"
ROLE = "arn:aws:iam::111122223333:role/eventhub"
PUT = answers.ok(b'{"ShardId": "s", "SequenceNumber": "1"}')


def assumed(key_id: str, expires: str = "2100-01-01T00:00:00Z") -> answers.Answer:
    """Answer as STS does."""
    told = "".join(
        f"<{name}>{value}</{name}>"
        for name, value in {
            "AccessKeyId": key_id,
            "SecretAccessKey": "a-secret-of-the-role",
            "SessionToken": "a-token-of-the-role",
            "Expiration": expires,
        }.items()
    )
    return answers.answered(
        200,
        f"<AssumeRoleResponse><AssumeRoleResult><Credentials>{told}</Credentials></AssumeRoleResult>"
        "</AssumeRoleResponse>".encode(),
        {"Content-Type": "text/xml"},
    )


def signed_by(receiver: Receiver) -> list[str]:
    """Return the access keys of the requests, in order."""
    return [
        re.search("Credential=([^/]+)/", one.headers["authorization"])[1]  # type: ignore[index]  # all are signed
        for one in receiver.requests
    ]


def test_calls_are_signed_with_the_targets_keys_and_token(receiver: Receiver):
    receiver.answer("/", PUT)

    delivered(attempt("kinesis", STREAM, receiver.url(""), session_token=TOKEN))

    [request] = receiver.requests
    assert signed_by(receiver) == [KEYS["access_key_id"]]
    assert "/eu-west-1/kinesis/aws4_request" in request.headers["authorization"]
    assert request.headers["x-amz-security-token"] == TOKEN


def test_nothing_of_this_machine_has_a_say(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    elsewhere = "http://127.0.0.1:9"
    (tmp_path / "config").write_text(f"[default]\nendpoint_url = {elsewhere}\nregion = us-west-2\n")
    for name, value in {
        "AWS_PROFILE": "missing",
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_REGION": "us-east-2",
        "AWS_ENDPOINT_URL": elsewhere,
        "AWS_ENDPOINT_URL_KINESIS": elsewhere,
        "AWS_MAX_ATTEMPTS": "5",
        "AWS_SESSION_TOKEN": "the machine's own",
        "HTTP_PROXY": elsewhere,
        "http_proxy": elsewhere,
        "NO_PROXY": "",
        "no_proxy": "",
    }.items():
        monkeypatch.setenv(name, value)
    clients._session.cache_clear()
    clients._client.cache_clear()
    receiver.answer("/", answers.status(503))

    result = attempt("kinesis", STREAM, receiver.url(""))

    [request] = receiver.requests
    assert result.status == 503
    assert "/eu-west-1/" in request.headers["authorization"]
    assert "x-amz-security-token" not in request.headers


def test_a_role_is_assumed_once_for_many_calls(receiver: Receiver):
    role = f"{ROLE}-once"
    receiver.answer("/", assumed("ROLESKEY"), PUT)

    for _ in range(2):
        delivered(attempt("kinesis", STREAM, receiver.url(""), role_arn=role, external_id="shop"))

    assert signed_by(receiver) == [KEYS["access_key_id"], "ROLESKEY", "ROLESKEY"]
    asked = receiver.requests[0].body.decode()
    assert "Action=AssumeRole" in asked
    assert "ExternalId=shop" in asked


def test_keys_of_a_role_that_end_soon_are_fetched_again(receiver: Receiver):
    receiver.answer("/", assumed("FIRST", "2020-01-01T00:00:00Z"), PUT, assumed("SECOND"), PUT)

    for _ in range(2):
        delivered(attempt("kinesis", STREAM, receiver.url(""), role_arn=f"{ROLE}-soon"))

    assert signed_by(receiver)[1::2] == ["FIRST", "SECOND"]


def test_keys_of_a_role_that_the_service_takes_for_expired_are_fetched_again(receiver: Receiver):
    expired = answers.answered(400, b'{"__type": "ExpiredTokenException", "message": "expired"}')
    receiver.answer("/", assumed("FIRST"), expired, assumed("SECOND"), PUT)

    result = attempt("kinesis", STREAM, receiver.url(""), role_arn=f"{ROLE}-expired")
    delivered(attempt("kinesis", STREAM, receiver.url(""), role_arn=f"{ROLE}-expired"))

    assert (result.verdict.decision, result.status) == (Decision.RETRY, 401)
    assert signed_by(receiver)[1::2] == ["FIRST", "SECOND"]


def test_a_role_that_may_not_be_assumed_is_given_up(receiver: Receiver):
    denied = (
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
    )
    receiver.answer("/", answers.answered(403, denied.encode(), {"Content-Type": "text/xml"}))

    result = attempt("kinesis", STREAM, receiver.url(""), role_arn=f"{ROLE}-denied")

    assert (result.verdict.decision, result.status) == (Decision.GIVE_UP, 403)
    assert result.verdict.reason == "AWS STS (AssumeRole) answered AccessDenied: not you"


def test_moto_lets_a_role_be_assumed_too(moto: Moto):
    url = moto.client("sqs").create_queue(QueueName="by-role")["QueueUrl"]

    role = f"arn:aws:iam::{ACCOUNT}:role/deliverer"

    result = attempt("sqs", moto.arn("sqs", "by-role"), moto.url, role_arn=role)

    delivered(result)
    assert moto.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert result.request["headers"] == {"role": role}


# -- where calls may go -----------------------------------------------------------------------------


def names_of(monkeypatch: pytest.MonkeyPatch, address: str) -> list[str]:
    """Let every name have this address; return the names that were asked for."""
    asked: list[str] = []

    def find(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", find)
    return asked


@pytest.mark.parametrize(
    ("name", "arn", "host"),
    [
        ("sqs", QUEUE, "sqs.eu-west-1.amazonaws.com"),
        (
            "sqs",
            QUEUE.replace("aws:", "aws-cn:").replace("eu-west", "cn-north"),
            "sqs.cn-north-1.amazonaws.com.cn",
        ),
        ("sns", "arn:aws-us-gov:sns:us-gov-west-1:111122223333:orders", "sns.us-gov-west-1.amazonaws.com"),
        ("lambda", "arn:aws:lambda:eu-west-1:111122223333:function:orders", "lambda.eu-west-1.amazonaws.com"),
        ("kinesis", STREAM, "111122223333.data-kinesis.eu-west-1.amazonaws.com"),
        (
            "firehose",
            "arn:aws:firehose:eu-west-1:111122223333:deliverystream/a",
            "firehose.eu-west-1.amazonaws.com",
        ),
        (
            "step-functions",
            "arn:aws:states:eu-west-1:111122223333:stateMachine:a",
            "states.eu-west-1.amazonaws.com",
        ),
        (
            "cloudwatch-logs",
            "arn:aws:logs:eu-west-1:111122223333:log-group:a",
            "logs.eu-west-1.amazonaws.com",
        ),
        (
            "eventbridge",
            "arn:aws:events:eu-west-1:111122223333:event-bus/a",
            "events.eu-west-1.amazonaws.com",
        ),
    ],
)
def test_calls_go_to_the_endpoint_of_the_arns_region_and_pass_the_guard(
    monkeypatch: pytest.MonkeyPatch, name: str, arn: str, host: str
):
    asked = names_of(monkeypatch, "169.254.169.254")

    verdict = attempt(name, arn, "").verdict

    assert asked == [host]
    assert verdict.decision is Decision.GIVE_UP
    assert verdict.reason.startswith("not reached: 169.254.169.254 is a cloud metadata address")


def test_a_server_that_cannot_prove_its_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver, plain_port: int
):
    """A name that leads to another server does not get the event: that server cannot prove the name."""
    names_of(monkeypatch, "127.0.0.1")
    monkeypatch.setattr("eventhub.targets.aws.exchange._where", lambda _url, _bounds: ("sqs.aws", plain_port))

    verdict = attempt("sqs", QUEUE, "", guard=AddressGuard(loopback_allowed=True)).verdict

    assert verdict.reason.startswith("TLS with sqs.aws failed")
    assert not receiver.requests


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        ("orders", "wanted an ARN such as arn:aws:sqs:"),
        ("arn:aws-evil:sqs:eu-west-1:111122223333:orders", "partition: wanted one of aws, aws-cn"),
        ("arn:aws:sns:eu-west-1:111122223333:orders", "service: wanted sqs"),
        ("arn:aws:sqs:eu-west-1.evil.example#:111122223333:orders", "region: wanted one of partition aws"),
        ("arn:aws:sqs:eu-west-1@evil:111122223333:orders", "region: "),
        ("arn:aws:sqs:eu-west-1\n:111122223333:orders", "region: "),
        ("arn:aws:sqs:eu-west-١:111122223333:orders", "region: "),
        ("arn:aws:sqs::111122223333:orders", "region: "),
        ("arn:aws:sqs:cn-north-1:111122223333:orders", "region: "),
        ("arn:aws:sqs:us-gov-west-1:111122223333:orders", "region: "),
        ("arn:aws:sqs:eu-west-1:../../:orders", "account: wanted 12 digits"),
        ("arn:aws:sqs:eu-west-1:111122223333:../orders", "resource: "),
        ("arn:aws:sqs:eu-west-1:111122223333:orders?x=1", "resource: "),
        ("arn:aws:sqs:eu-west-1:111122223333:orders\n", "resource: "),
    ],
)
def test_an_arn_that_is_none_is_refused_when_saved_and_when_sent(arn: str, words: str):
    refused = check_settings(kind_of("sqs"), {"arn": arn, **KEYS})
    verdict = attempt("sqs", arn, "").verdict

    assert refused["arn"].startswith(words)
    assert verdict.reason.startswith(f"not sent: {words}")


@pytest.mark.parametrize(
    ("name", "settings", "member", "words"),
    [
        ("sqs", {"arn": f"{QUEUE}.fifo"}, "message_group_id", "Message group is required"),
        ("sns", {"arn": "arn:aws:sns:eu-west-1:111122223333:a.fifo"}, "message_group_id", "Message group is"),
        ("sqs", {"arn": QUEUE, "message_group_id": "$.a["}, "message_group_id", ""),
        ("sqs", {"arn": QUEUE, "external_id": "shop"}, "external_id", "wanted together with a role"),
        ("sqs", {"arn": QUEUE, "role_arn": "role"}, "role_arn", "wanted an ARN such as arn:aws:iam::"),
        ("sqs", {"arn": QUEUE, "role_arn": ROLE.replace("aws:", "aws-cn:")}, "role_arn", "wanted a role"),
        ("sqs", {"arn": QUEUE, "aws_endpoint_url": "http://evil.example"}, "aws_endpoint_url", "unknown"),
        ("sqs", {"arn": QUEUE, "region": "eu-west-1"}, "region", "unknown"),
        (
            "cloudwatch-logs",
            {"arn": "arn:aws:logs:eu-west-1:111122223333:log-group:a", "stream": "a:b"},
            "stream",
            "wanted a name without : and *",
        ),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(name: str, settings: dict[str, str], member: str, words: str):
    refused = check_settings(kind_of(name), {**KEYS, **settings})

    assert list(refused) == [member]
    assert refused[member].startswith(words)


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({"access_key_id": "AKIA"}, "secret_access_key"),
        ({"secret_access_key": SECRET}, "access_key_id"),
        ({"session_token": TOKEN}, "access_key_id"),
    ],
)
def test_a_target_has_both_keys_or_none(given: dict[str, str], lacking: str):
    refused = check_settings(kind_of("sqs"), {"arn": QUEUE, **given})

    assert refused == {lacking: "wanted both keys, or none to use this installation's, found one"}


def test_a_target_without_keys_uses_those_of_the_installation(receiver: Receiver):
    receiver.answer("/", PUT)
    none = {"access_key_id": "", "secret_access_key": ""}
    installed = {"aws_access_key_id": "INSTALLED", "aws_secret_access_key": "its secret"}

    delivered(attempt("kinesis", STREAM, receiver.url(""), **none, **installed))

    assert signed_by(receiver) == ["INSTALLED"]


def test_without_any_keys_nothing_is_sent_and_the_reason_says_what_to_set(receiver: Receiver):
    result = attempt("kinesis", STREAM, receiver.url(""), access_key_id="", secret_access_key="")

    assert result.verdict.decision is Decision.GIVE_UP
    assert "EVENTHUB_AWS_ACCESS_KEY_ID" in result.verdict.reason
    assert receiver.requests == []


def test_keys_are_in_no_representation():
    keys = clients.Keys("AKIA", SECRET, TOKEN)

    assert SECRET not in repr(keys)
    assert TOKEN not in repr(keys)
