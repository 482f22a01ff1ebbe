"""Each kind against moto's server: what is delivered is read back as people read it."""

import io
import json
import urllib.request
import zipfile
from base64 import b64decode

from eventhub.targets.verdict import Decision
from tests.moto_server import Moto
from tests.targets.aws.calls import attempt, delivered
from tests.targets.orders import EVENT, TRACE, TRACED

ROLE = "arn:aws:iam::123456789012:role/any"


def queue_of(moto: Moto, name: str) -> str:
    url: str = moto.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url


def test_sns_publishes_to_subscribers_with_the_attributes_of_a_dead_letter(moto: Moto):
    url = queue_of(moto, "subscriber")
    sns = moto.client("sns")
    arn = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=moto.arn("sqs", "subscriber"))

    delivered(attempt("sns", arn, moto.url, attributes={"ERROR_CODE": "THROTTLING"}, traces=TRACED))

    [message] = moto.client("sqs").receive_message(QueueUrl=url)["Messages"]
    notice = json.loads(message["Body"])
    assert notice["Message"].encode() == EVENT.envelope
    told = {name: value["Value"] for name, value in notice["MessageAttributes"].items()}
    assert told == {"ERROR_CODE": "THROTTLING", "traceparent": TRACE, "tracestate": "shop=1"}


def test_sns_publishes_to_a_fifo_topic_in_a_group(moto: Moto):
    arn = moto.client("sns").create_topic(Name="orders.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]

    assert delivered(attempt("sns", arn, moto.url, message_group_id="$.detail.order.id"))["message_id"]


def test_lambda_is_invoked_with_the_event(moto: Moto):
    code = io.BytesIO()
    moto.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("orders.py", "def handle(event, context): pass")
    arn = moto.client("lambda").create_function(
        FunctionName="orders",
        Runtime="python3.11",
        Role=ROLE,
        Handler="orders.handle",
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    # moto has no place where an invocation is seen but its recording of requests.
    recorder = f"{moto.url}/moto-api/recorder"
    for command in ("reset-recording", "start-recording"):
        urllib.request.urlopen(f"{recorder}/{command}", b"").close()

    answer = delivered(attempt("lambda", arn, moto.url))

    urllib.request.urlopen(f"{recorder}/stop-recording", b"").close()
    with urllib.request.urlopen(f"{recorder}/download-recording") as recording:
        [invocation] = [json.loads(line) for line in recording]
    assert answer["status"] == 202
    assert b64decode(invocation["body"]) == EVENT.envelope
    assert {name.lower(): value for name, value in invocation["headers"].items()}[
        "x-amz-invocation-type"
    ] == "Event"


def test_kinesis_gets_the_record_under_its_key(moto: Moto):
    kinesis = moto.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    arn = moto.arn("kinesis", "stream/orders")

    shard = delivered(attempt("kinesis", arn, moto.url, partition_key="$.detail.order.id"))["shard"]
    delivered(attempt("kinesis", arn, moto.url))

    start = kinesis.get_shard_iterator(StreamName="orders", ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    records = kinesis.get_records(ShardIterator=start)["Records"]
    assert [(one["PartitionKey"], one["Data"]) for one in records] == [
        ("17", EVENT.envelope),
        (str(EVENT.id), EVENT.envelope),
    ]


def test_firehose_writes_lines_into_files(moto: Moto):
    s3 = moto.client("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    moto.client("firehose").create_delivery_stream(
        DeliveryStreamName="orders",
        ExtendedS3DestinationConfiguration={"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::lake"},
    )
    arn = moto.arn("firehose", "deliverystream/orders")

    delivered(attempt("firehose", arn, moto.url))
    delivered(attempt("firehose", arn, moto.url, newline=False))

    files = [
        s3.get_object(Bucket="lake", Key=one["Key"]) for one in s3.list_objects_v2(Bucket="lake")["Contents"]
    ]
    assert sorted(file["Body"].read() for file in files) == [EVENT.envelope, EVENT.envelope + b"\n"]


def test_step_functions_start_one_execution_for_two_attempts(moto: Moto):
    states = moto.client("stepfunctions")
    definition = {"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}
    arn = states.create_state_machine(name="orders", definition=json.dumps(definition), roleArn=ROLE)[
        "stateMachineArn"
    ]

    delivered(attempt("step-functions", arn, moto.url))
    # With another input, as after a changed transform: AWS then answers that the name is taken.
    again = delivered(attempt("step-functions", arn, moto.url, body=b"{}"))

    [execution] = states.list_executions(stateMachineArn=arn)["executions"]
    told = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(told["input"]) == json.loads(EVENT.envelope)
    assert again["already_started"] is True


def test_cloudwatch_logs_make_the_stream_that_is_not_there(moto: Moto):
    logs = moto.client("logs")
    logs.create_log_group(logGroupName="/events/orders")
    arn = moto.arn("logs", "log-group:/events/orders:*")

    delivered(attempt("cloudwatch-logs", arn, moto.url, stream="shop"))
    delivered(attempt("cloudwatch-logs", arn, moto.url, stream="shop"))

    told = logs.get_log_events(logGroupName="/events/orders", logStreamName="shop")["events"]
    assert [one["message"].encode() for one in told] == [EVENT.envelope] * 2


def test_a_log_event_that_is_too_old_is_refused_within_a_good_answer(moto: Moto):
    moto.client("logs").create_log_group(logGroupName="/events/old")

    result = attempt("cloudwatch-logs", moto.arn("logs", "log-group:/events/old"), moto.url, now=1)

    assert result.verdict.decision is Decision.GIVE_UP
    assert "tooOldLogEventEndIndex" in result.verdict.reason


def test_a_log_group_that_is_not_there_is_given_up(moto: Moto):
    result = attempt("cloudwatch-logs", moto.arn("logs", "log-group:/nowhere"), moto.url)

    assert (result.verdict.decision, result.status) == (Decision.GIVE_UP, 404)


def test_eventbridge_puts_the_event_on_the_bus(moto: Moto):
    url = queue_of(moto, "behind-the-bus")
    events = moto.client("events")
    events.create_event_bus(Name="shop")
    events.put_rule(Name="all", EventBusName="shop", EventPattern='{"source": ["shop"]}')
    target = {"Id": "queue", "Arn": moto.arn("sqs", "behind-the-bus")}
    events.put_targets(Rule="all", EventBusName="shop", Targets=[target])
    arn = moto.arn("events", "event-bus/shop")

    delivered(attempt("eventbridge", arn, moto.url))
    delivered(attempt("eventbridge", arn, moto.url, body=b'{"transformed": 2.50}'))

    messages = moto.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    told = [json.loads(message["Body"]) for message in messages]
    assert {(one["source"], one["detail-type"]) for one in told} == {("shop", "order placed")}
    assert [one["detail"] for one in told] == [{"order": {"id": 17}}, {"transformed": 2.5}]


def test_eventbridge_takes_only_objects_for_a_detail(moto: Moto):
    result = attempt("eventbridge", moto.arn("events", "event-bus/shop"), moto.url, body=b'"text"')

    assert result.verdict.reason == (
        "not sent: the detail of an event must be a JSON object, found another value"
    )
