import json

import pytest

from eventhub.targets.kind import Traces
from eventhub.targets.verdict import Decision
from tests.moto_server import Moto
from tests.targets.aws.calls import attempt, delivered
from tests.targets.orders import EVENT, TRACE, TRACED

ATTRIBUTES = {
    "RULE_ARN": "arn:aws:events:us-east-1:000000000000:rule/all",
    "TARGET_ARN": "arn:aws:sqs:eu-west-1:123456789012:orders",
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "receiver answered 403",
    "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    "RETRY_ATTEMPTS": "184",
}


def queue(moto: Moto, name: str, **attributes: str) -> str:
    url: str = moto.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def received(moto: Moto, url: str) -> list[dict]:
    return moto.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
    )["Messages"]


def test_a_message_arrives_in_the_queue(moto: Moto):
    url = queue(moto, "plain")

    answer = delivered(attempt("sqs", moto.arn("sqs", "plain"), moto.url))

    [message] = received(moto, url)
    assert message["Body"].encode() == EVENT.envelope
    assert message["MessageId"] == answer["message_id"]


def test_a_dead_letter_carries_the_six_attributes_of_eventbridge(moto: Moto):
    url = queue(moto, "letters")

    delivered(attempt("sqs", moto.arn("sqs", "letters"), moto.url, attributes=ATTRIBUTES))

    [message] = received(moto, url)
    assert message["MessageAttributes"] == {
        name: {"DataType": "String", "StringValue": value} for name, value in ATTRIBUTES.items()
    }


def test_the_trace_of_x_ray_goes_along(moto: Moto):
    url = queue(moto, "traced")
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

    delivered(attempt("sqs", moto.arn("sqs", "traced"), moto.url, traces=Traces(trace)))

    [message] = received(moto, url)
    assert message["Attributes"]["AWSTraceHeader"] == trace


def test_w3cs_trace_goes_along(moto: Moto):
    url = queue(moto, "w3c")

    delivered(attempt("sqs", moto.arn("sqs", "w3c"), moto.url, traces=TRACED))

    [message] = received(moto, url)
    assert {name: value["StringValue"] for name, value in message["MessageAttributes"].items()} == {
        "traceparent": TRACE,
        "tracestate": "shop=1",
    }


def test_an_attribute_without_text_is_left_out(moto: Moto):
    url = queue(moto, "no-text")

    delivered(attempt("sqs", moto.arn("sqs", "no-text"), moto.url, attributes={"ERROR_MESSAGE": ""}))

    [message] = received(moto, url)
    assert "MessageAttributes" not in message


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("$.detail.order.id", "17"),
        ("orders", "orders"),
        ("$.detail.customer", str(EVENT.id)),  # nothing there: no event waits for another
    ],
)
def test_a_fifo_queue_gets_its_group(moto: Moto, group: str, expected: str):
    name = f"group-{expected[:8]}.fifo"
    url = queue(moto, name, FifoQueue="true")

    answer = delivered(attempt("sqs", moto.arn("sqs", name), moto.url, message_group_id=group))

    [message] = received(moto, url)
    assert message["Attributes"]["MessageGroupId"] == expected
    assert message["Attributes"]["SequenceNumber"] == answer["sequence"]


def test_a_group_with_other_characters_becomes_a_digest(moto: Moto):
    url = queue(moto, "digest.fifo", FifoQueue="true")

    delivered(attempt("sqs", moto.arn("sqs", "digest.fifo"), moto.url, message_group_id="Größe 7"))

    [message] = received(moto, url)
    assert len(message["Attributes"]["MessageGroupId"]) == 64


def test_two_attempts_of_a_delivery_are_one_message_of_a_fifo_queue(moto: Moto):
    url = queue(moto, "twice.fifo", FifoQueue="true")

    for number in (1, 2):
        body = json.dumps({"attempt": number}).encode()
        delivered(attempt("sqs", moto.arn("sqs", "twice.fifo"), moto.url, message_group_id="all", body=body))

    [message] = received(moto, url)
    assert message["Attributes"]["MessageDeduplicationId"] == "0193f1a0-0000-7000-8000-000000000001-7"


def test_a_queue_that_is_not_there_is_given_up(moto: Moto):
    result = attempt("sqs", moto.arn("sqs", "nowhere"), moto.url)

    assert (result.verdict.decision, result.status) == (Decision.GIVE_UP, 404)
    assert result.verdict.reason.startswith("Amazon SQS answered AWS.SimpleQueueService.NonExistentQueue")


def test_a_queue_that_takes_less_says_so_itself(moto: Moto):
    queue(moto, "small", MaximumMessageSize="1024")

    result = attempt("sqs", moto.arn("sqs", "small"), moto.url, body=b'"%s"' % (b"x" * 2000))

    assert (result.verdict.decision, result.status) == (Decision.GIVE_UP, 400)
