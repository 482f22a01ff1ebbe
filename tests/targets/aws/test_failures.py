"""What services refuse, and what keeps their answers from coming."""

import json
import socket

import pytest

from eventhub.domain.fault import ReasonClass
from eventhub.targets.verdict import Decision
from tests import receiver as answers
from tests.receiver import Answer, Receiver
from tests.targets.aws.calls import SECRET, attempt, delivered

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"
STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/orders"
BUS = "arn:aws:events:eu-west-1:111122223333:event-bus/orders"
RETRY, GIVE_UP = Decision.RETRY, Decision.GIVE_UP
RECEIVER, NETWORK, OURS = ReasonClass.RECEIVER, ReasonClass.NETWORK, ReasonClass.OURS


def refusing(code: str, *, status: int = 400, message: str = "no") -> Answer:
    """Answer as the services do that speak JSON."""
    return answers.answered(
        status,
        json.dumps({"__type": f"com.amazonaws.any#{code}", "message": message}).encode(),
        {"Content-Type": "application/x-amz-json-1.1"},
    )


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ProvisionedThroughputExceededException", 400, (RETRY, RECEIVER, 429)),
        ("ThrottlingException", 400, (RETRY, RECEIVER, 429)),
        ("KMSThrottlingException", 400, (RETRY, RECEIVER, 429)),
        ("InternalFailure", 500, (RETRY, RECEIVER, 500)),
        ("ServiceUnavailable", 503, (RETRY, RECEIVER, 503)),
        ("Unheard", 599, (RETRY, RECEIVER, 599)),
        ("RequestTimeTooSkewed", 403, (RETRY, OURS, 403)),
        ("AccessDeniedException", 400, (GIVE_UP, RECEIVER, 403)),
        ("UnrecognizedClientException", 400, (GIVE_UP, RECEIVER, 403)),
        ("ExpiredTokenException", 400, (GIVE_UP, RECEIVER, 403)),
        ("InvalidSignatureException", 400, (GIVE_UP, RECEIVER, 403)),
        ("ResourceNotFoundException", 400, (GIVE_UP, RECEIVER, 404)),
        ("ValidationException", 400, (GIVE_UP, RECEIVER, 400)),
    ],
)
def test_a_code_decides(
    receiver: Receiver, code: str, status: int, expected: tuple[Decision, ReasonClass, int]
):
    receiver.answer("/", refusing(code, status=status))

    result = attempt("kinesis", STREAM, receiver.url(""))

    assert (result.verdict.decision, result.verdict.fault, result.status) == expected
    assert result.verdict.reason == f"Amazon Kinesis answered {code}: no"
    assert len(receiver.requests) == 1  # trying again is the delivery's business


def test_a_signature_that_came_late_is_the_clocks_fault(receiver: Receiver):
    receiver.answer("/", refusing("InvalidSignatureException", message="Signature expired: 20260101T000000Z"))

    verdict = attempt("kinesis", STREAM, receiver.url("")).verdict

    assert (verdict.decision, verdict.fault) == (RETRY, OURS)


def test_a_gone_queue_does_not_disable_its_target(receiver: Receiver):
    receiver.answer("/", refusing("Unheard", status=410))

    verdict = attempt("sqs", QUEUE, receiver.url("")).verdict

    assert (verdict.decision, verdict.gone) == (GIVE_UP, False)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ThrottlingException", (RETRY, 429)),
        ("InternalFailure", (RETRY, 500)),
        ("NotAuthorizedForSourceException", (GIVE_UP, 403)),
    ],
)
def test_an_entrys_failure_stands_within_a_good_answer(
    receiver: Receiver, code: str, expected: tuple[Decision, int]
):
    told = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "no"}]}
    receiver.answer("/", answers.ok(json.dumps(told).encode()))

    result = attempt("eventbridge", BUS, receiver.url(""))

    assert (result.verdict.decision, result.status) == expected


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (answers.hang(), "timed out waiting for the answer of 127.0.0.1"),
        (answers.drip(every=0.04), "127.0.0.1 timed out in the middle of its answer"),
        (answers.reset(), "the connection to 127.0.0.1 broke"),
        (answers.cut(), "the connection to 127.0.0.1 broke"),
        (answers.garbage(), "the connection to 127.0.0.1 broke"),
    ],
)
def test_an_answer_that_does_not_come_whole_is_tried_again(receiver: Receiver, answer: Answer, words: str):
    attempt("kinesis", STREAM, receiver.url(""))  # making the first client takes a while
    receiver.answer("/", answer)

    result = attempt("kinesis", STREAM, receiver.url(""), timeout_seconds=0.5)

    assert (result.verdict.decision, result.verdict.fault) == (RETRY, NETWORK)
    assert result.verdict.reason.startswith(words)
    assert result.ended_at - result.started_at < 2_000_000


def test_an_answer_that_is_no_answer_of_the_service_is_tried_again(receiver: Receiver):
    receiver.answer("/", answers.answered(200, b"<html>", {"Content-Type": "text/html"}))

    verdict = attempt("kinesis", STREAM, receiver.url("")).verdict

    assert (verdict.decision, verdict.fault) == (RETRY, RECEIVER)


def test_an_answer_without_end_is_cut_off(receiver: Receiver):
    receiver.answer("/", answers.ok(b"x" * (2**20 + 1)))

    verdict = attempt("kinesis", STREAM, receiver.url("")).verdict

    assert verdict.reason == "the answer of 127.0.0.1 is larger than 1048576 bytes"


def test_an_endpoint_that_is_not_there_is_tried_again():
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))

        verdict = attempt("sqs", QUEUE, f"http://127.0.0.1:{unheard.getsockname()[1]}").verdict

    assert (verdict.decision, verdict.fault) == (RETRY, NETWORK)
    assert verdict.reason == "127.0.0.1 was not reached: [Errno 111] Connection refused"


def test_tls_with_an_endpoint_that_speaks_none_fails(plain_port: int):
    verdict = attempt("sqs", QUEUE, f"https://127.0.0.1:{plain_port}").verdict

    assert (verdict.decision, verdict.fault) == (RETRY, NETWORK)
    assert verdict.reason.startswith("TLS with 127.0.0.1 failed")


def test_a_redirect_is_not_followed(receiver: Receiver):
    receiver.answer("/", answers.redirect(receiver.url("/elsewhere"), 307))

    verdict = attempt("kinesis", STREAM, receiver.url("")).verdict

    assert verdict.decision is GIVE_UP
    assert not receiver.on("/elsewhere")


def test_connections_are_kept(receiver: Receiver):
    receiver.answer("/", answers.ok(b'{"ShardId": "s", "SequenceNumber": "1"}'))

    for _ in range(3):
        delivered(attempt("kinesis", STREAM, receiver.url("")))

    assert receiver.connections == 1


@pytest.mark.parametrize(
    ("name", "arn", "limit"),
    [
        ("sqs", QUEUE, 2**20),
        ("sns", "arn:aws:sns:eu-west-1:111122223333:orders", 2**20),
        ("lambda", "arn:aws:lambda:eu-west-1:111122223333:function:orders", 2**20),
        ("kinesis", STREAM, 10 * 2**20),
        ("firehose", "arn:aws:firehose:eu-west-1:111122223333:deliverystream/orders", 1_024_000),
        ("step-functions", "arn:aws:states:eu-west-1:111122223333:stateMachine:orders", 262_144),
        ("cloudwatch-logs", "arn:aws:logs:eu-west-1:111122223333:log-group:orders", 2**20),
        ("eventbridge", BUS, 2**20),
    ],
)
def test_what_a_service_would_surely_refuse_is_not_sent(receiver: Receiver, name: str, arn: str, limit: int):
    body = json.dumps({"much": "x" * limit}).encode()

    verdict = attempt(name, arn, receiver.url(""), body=body).verdict

    assert (verdict.decision, verdict.fault) == (GIVE_UP, OURS)
    assert (
        f"may have {limit} bytes, this one has 1" in verdict.reason or f"have {limit} bytes" in verdict.reason
    )
    assert receiver.connections == 0


def test_a_secret_that_comes_back_is_masked(receiver: Receiver):
    receiver.answer("/", refusing("ValidationException", message=f"what is {SECRET}?"))

    result = attempt("kinesis", STREAM, receiver.url(""))

    assert result.verdict.reason == "Amazon Kinesis answered ValidationException: what is •••?"
    assert SECRET not in repr(result)
