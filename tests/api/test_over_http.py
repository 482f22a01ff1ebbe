"""The doors of a running hub: boto3, the AWS command line, curl, and clients that break off."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from tests.programs import needs
from tests.running import Running, running_hub
from tests.until import until

pytestmark = pytest.mark.whole

ROOT = Path(__file__).parents[2]

ENTRY = {"source": "shop", "detail-type": "order placed", "detail": {"order": 17}}
CHANGE_KEY = """
import django; django.setup()
from eventhub.access.keys import mint
from eventhub.models import ApiKey
if {key_id!r}:
    ApiKey.objects.get(pk={key_id!r}).delete()
else:
    key, secret = mint("test", ["events:put"])
    print(key.pk, secret)
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_hub(tmp_path_factory.mktemp("doors")) as hub:
        yield hub


def events_url(hub: Running) -> str:
    return f"{hub.url}/api/buses/default/events"


def bearer(hub: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {hub.key}"}


def stored(hub: Running, identifier: str) -> Any:
    return httpx.get(f"{hub.url}/api/events/{identifier}", headers=bearer(hub)).raise_for_status().json()


def stored_from(hub: Running, source: str) -> list[Any]:
    answer = httpx.get(f"{hub.url}/api/events", headers=bearer(hub), params={"source": source})
    items: list[Any] = answer.raise_for_status().json()["items"]
    return items


def boto(hub: Running, **options: Any) -> Any:
    given = {"aws_access_key_id": hub.key_id, "aws_secret_access_key": hub.secret, **options}
    return boto3.client("events", endpoint_url=hub.url, region_name="eu-central-1", **given)


def test_boto3_puts_events(hub: Running) -> None:
    answer = boto(hub).put_events(
        Entries=[
            {"Source": "shop", "DetailType": "order placed", "Detail": '{"order": 17}'},
            {"Source": "shop", "DetailType": "order placed"},
        ]
    )

    accepted, failed = answer["Entries"]
    assert answer["FailedEntryCount"] == 1
    assert failed["ErrorCode"] == "InvalidArgument"
    assert stored(hub, accepted["EventId"])["detail"] == {"order": 17}
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


def test_boto3_with_a_wrong_secret_is_told_so(hub: Running) -> None:
    with pytest.raises(ClientError) as caught:
        boto(hub, aws_secret_access_key="another").put_events(Entries=[{"Source": "shop"}])

    assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"


def environment(hub: Running) -> dict[str, str]:
    """Return what tells Amazon's own clients where and as whom to call."""
    return {
        "AWS_ENDPOINT_URL_EVENTBRIDGE": hub.url,
        "AWS_ACCESS_KEY_ID": hub.key_id,
        "AWS_SECRET_ACCESS_KEY": hub.secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "HOME": str(hub.data_dir),
    }


def aws(hub: Running, *words: str) -> Any:
    """Return what ``aws events …`` answers."""
    done = subprocess.run(
        [sys.executable, "-m", "awscli", "events", *words],
        env=environment(hub),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_command_line_of_aws_puts_events(hub: Running) -> None:
    entries = [{"Source": "shop", "DetailType": "order placed", "Detail": '{"order": 18}'}]

    answer = aws(hub, "put-events", "--entries", json.dumps(entries))

    assert answer["FailedEntryCount"] == 0
    assert stored(hub, answer["Entries"][0]["EventId"])["detail"] == {"order": 18}


def test_command_line_of_aws_configures_what_a_first_rule_needs(hub: Running) -> None:
    pattern, tags = json.dumps({"source": ["cli"]}), ["--tags", "Key=team,Value=shop"]
    arn = "arn:aws:events:us-east-1:000000000000"
    queue = "arn:aws:sqs:eu-west-1:111122223333:orders"

    made = aws(hub, "create-event-bus", "--name", "cli", *tags)
    on_bus = ("--event-bus-name", "cli")
    aws(hub, "put-rule", "--name", "orders", "--event-pattern", pattern, *on_bus)
    put = aws(hub, "put-targets", "--rule", "orders", "--targets", f"Id=q,Arn={queue}", *on_bus)
    targets = aws(hub, "list-targets-by-rule", "--rule", "orders", *on_bus)
    names = aws(hub, "list-rule-names-by-target", "--target-arn", queue, *on_bus)
    aws(hub, "disable-rule", "--name", "orders", *on_bus)
    rule = aws(hub, "describe-rule", "--name", "orders", *on_bus)
    rules = aws(hub, "list-rules", "--name-prefix", "ord", *on_bus)
    told = aws(hub, "list-tags-for-resource", "--resource-arn", made["EventBusArn"])
    buses = aws(hub, "list-event-buses", "--name-prefix", "cl")
    aws(hub, "put-rule", "--name", "tick", "--schedule-expression", "rate(5 minutes)", "--state", "DISABLED")
    tick = aws(hub, "describe-rule", "--name", "tick")
    aws(hub, "remove-targets", "--rule", "orders", "--ids", "q", *on_bus)
    aws(hub, "delete-rule", "--name", "orders", *on_bus)
    aws(hub, "delete-event-bus", "--name", "cli")

    assert made["EventBusArn"] == buses["EventBuses"][0]["Arn"] == f"{arn}:event-bus/cli"
    assert put == {"FailedEntryCount": 0, "FailedEntries": []}
    assert targets["Targets"] == [{"Id": "q", "Arn": queue}]
    assert names["RuleNames"] == ["orders"]
    assert (rule["State"], rule["EventPattern"]) == ("DISABLED", pattern)
    assert rules["Rules"][0]["Arn"] == f"{arn}:rule/cli/orders"
    assert told["Tags"] == [{"Key": "team", "Value": "shop"}]
    assert (tick["ScheduleExpression"], tick["State"]) == ("rate(5 minutes)", "DISABLED")


def test_command_line_of_aws_archives_and_replays(hub: Running) -> None:
    arn = "arn:aws:events:us-east-1:000000000000"
    aws(hub, "create-event-bus", "--name", "kept")
    bus = ("--event-source-arn", f"{arn}:event-bus/kept")
    aws(hub, "create-archive", "--archive-name", "cli", *bus, "--retention-days", "7")
    entries = [{"Source": "cli", "DetailType": "kept", "Detail": "{}", "EventBusName": "kept"}]
    put = aws(hub, "put-events", "--entries", json.dumps(entries))
    until(
        lambda: aws(hub, "describe-archive", "--archive-name", "cli")["EventCount"] == 1,
        seconds=30,
        what="a kept event",
    )

    window = ("--event-start-time", "2020-01-01T00:00:00Z", "--event-end-time", "2099-01-01T00:00:00Z")
    to = ("--event-source-arn", f"{arn}:archive/cli", "--destination", f"Arn={arn}:event-bus/kept")
    aws(hub, "start-replay", "--replay-name", "cli", *to, *window)
    until(
        lambda: aws(hub, "describe-replay", "--replay-name", "cli")["State"] == "COMPLETED",
        seconds=30,
        what="the replay's end",
    )

    copies = [one for one in stored_from(hub, "cli") if one["who"] == "replay:cli"]
    assert [one["cause_id"] for one in copies] == [put["Entries"][0]["EventId"]]
    assert [one["ReplayName"] for one in aws(hub, "list-replays")["Replays"]] == ["cli"]


def test_client_for_node_configures_and_puts_events(hub: Running) -> None:
    if not (ROOT / "node_modules" / "@aws-sdk" / "client-eventbridge").exists():
        missing = "node_modules, which make lint installs"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {missing}")

    done = subprocess.run(
        [Path(sys.executable).with_name("node"), ROOT / "tests" / "api" / "node_client.mjs"],
        env=environment(hub),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    rule = "arn:aws:events:us-east-1:000000000000:rule/node/orders"
    assert answers["bus"]["EventBusArn"] == "arn:aws:events:us-east-1:000000000000:event-bus/node"
    assert answers["rule"] == {"RuleArn": rule}
    assert answers["described"]["State"] == "ENABLED"
    assert [one["Arn"] for one in answers["listed"]["Rules"]] == [rule]
    assert answers["tried"] == {"Result": True}
    event = stored(hub, answers["put"]["Entries"][0]["EventId"])
    assert (event["bus"], event["time"], event["detail"]) == ("node", "1970-01-01T00:00:00Z", {"order": 19})
    assert answers["missing"] == {
        "name": "ResourceNotFoundException",
        "message": "Rule orders does not exist on EventBus node.",
    }


def test_curl_posts_an_event(hub: Running) -> None:
    done = subprocess.run(
        [
            needs("curl"),
            "--silent",
            "--show-error",
            "--fail-with-body",
            *("--header", f"Authorization: Bearer {hub.key}"),
            *("--json", json.dumps(ENTRY)),
            events_url(hub),
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    [entry] = json.loads(done.stdout)["entries"]
    assert stored(hub, entry["id"])["source"] == "shop"


def test_curl_with_its_own_content_type_is_told_what_to_send(hub: Running) -> None:
    answer = httpx.post(
        events_url(hub),
        content=json.dumps(ENTRY),
        headers={**bearer(hub), "Content-Type": "application/x-www-form-urlencoded"},
    )

    assert answer.status_code == 415
    assert answer.json()["detail"] == (
        "Wanted Content-Type: application/json in UTF-8, found application/x-www-form-urlencoded."
    )


def test_chunked_body_is_taken(hub: Running) -> None:
    data = json.dumps([ENTRY] * 3).encode()

    answer = httpx.post(
        events_url(hub),
        content=iter([data[:40], data[40:]]),
        headers={**bearer(hub), "Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.json()["failed"]) == (202, 0)


def test_thousand_entries_are_taken_in_one_request(hub: Running) -> None:
    answer = httpx.post(events_url(hub), json=[ENTRY] * 1000, headers=bearer(hub))

    assert (len(answer.json()["entries"]), answer.json()["failed"]) == (1000, 0)


@pytest.mark.parametrize("closes", [socket.SHUT_WR, socket.SHUT_RDWR])
def test_body_cut_off_half_way_stores_nothing(hub: Running, closes: int) -> None:
    body = json.dumps([{**ENTRY, "source": "cut"}] * 3).encode()
    head = (
        f"POST /api/buses/default/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {hub.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )

    with socket.create_connection(("127.0.0.1", hub.port), timeout=10) as connection:
        connection.sendall(head.encode() + body[:-10])
        connection.shutdown(closes)
        if closes == socket.SHUT_WR:
            assert b" 202 " not in connection.recv(65_536)

    # A request after it is answered after it was dealt with.
    assert httpx.post(events_url(hub), json=ENTRY, headers=bearer(hub)).status_code == 202
    assert stored_from(hub, "cut") == []


def test_get_of_the_same_address_is_not_the_doors_business(hub: Running) -> None:
    assert httpx.put(events_url(hub), json=ENTRY, headers=bearer(hub)).status_code in {403, 404, 405}


def test_key_works_at_once_and_stops_within_a_second_of_its_deletion(hub: Running) -> None:
    def change(key_id: str = "") -> str:
        return subprocess.run(
            [sys.executable, "-c", CHANGE_KEY.format(key_id=key_id)],
            env=hub._env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    def status(key: str) -> int:
        return httpx.post(events_url(hub), json=ENTRY, headers={"Authorization": f"Bearer {key}"}).status_code

    key_id, secret = change().split()
    assert status(f"{key_id}.{secret}") == 202

    change(key_id)

    until(lambda: status(f"{key_id}.{secret}") == 401, seconds=1, what="the key to stop")
