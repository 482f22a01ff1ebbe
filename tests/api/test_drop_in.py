"""A program for EventBridge, whole: rule, queue and event through the endpoint, and the message in SQS."""

import json
from pathlib import Path

import boto3
import pytest

from tests.moto_server import REGION, Moto
from tests.running import running_hub
from tests.until import until

pytestmark = pytest.mark.whole

PATTERN = {"source": ["shop"], "detail": {"amount": [{"numeric": [">", 100]}]}}


def test_a_rule_made_by_boto3_delivers_to_a_queue(moto: Moto, tmp_path: Path) -> None:
    sqs = moto.client("sqs")
    url = sqs.create_queue(QueueName="drop-in")["QueueUrl"]
    settings = {
        "EVENTHUB_AWS_ENDPOINT_URL": moto.url,
        "EVENTHUB_AWS_ACCESS_KEY_ID": "test",
        "EVENTHUB_AWS_SECRET_ACCESS_KEY": "test",
        "EVENTHUB_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    with running_hub(tmp_path, **settings) as hub:
        events = boto3.client(
            "events",
            endpoint_url=hub.url,
            region_name=REGION,
            aws_access_key_id=hub.key_id,
            aws_secret_access_key=hub.secret,
        )
        events.put_rule(Name="large", EventPattern=json.dumps(PATTERN))
        events.put_targets(
            Rule="large",
            Targets=[
                {
                    "Id": "queue",
                    "Arn": moto.arn("sqs", "drop-in"),
                    "InputTransformer": {
                        "InputPathsMap": {"id": "$.detail.order"},
                        "InputTemplate": '{"order": <id>, "rule": <aws.events.rule-name>}',
                    },
                }
            ],
        )
        for amount in (50, 150):
            detail = json.dumps({"order": amount, "amount": amount})
            entry = {"Source": "shop", "DetailType": "order placed", "Detail": detail}
            assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

        [message] = until(
            lambda: sqs.receive_message(QueueUrl=url).get("Messages"), seconds=20, what="the message"
        )

    assert json.loads(message["Body"]) == {"order": 150, "rule": "large"}
