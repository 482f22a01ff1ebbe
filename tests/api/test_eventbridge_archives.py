"""Archives and replays, by boto3's own client code, over a hub that routes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.validation import validated
from eventhub.domain import jsontext
from eventhub.flow.replay import Replayer
from eventhub.flow.route import Router
from eventhub.journal.rows import EventRow
from eventhub.models import Bus
from tests.api.door import Doors
from tests.api.test_put_events import client, error_of
from tests.until import until

ARN = "arn:aws:events:us-east-1:000000000000:"
BUS = f"{ARN}event-bus/default"
NOW = datetime.now(UTC)
WINDOW = {"EventStartTime": NOW - timedelta(hours=1), "EventEndTime": NOW + timedelta(hours=1)}


@pytest.fixture
def events(doors: Doors) -> BaseClient:
    key, secret = mint("operator", [Scope.ADMIN])
    return client(doors, key.pk, secret)


@pytest.fixture
def works(doors: Doors) -> Iterator[None]:
    """Routing and replaying beside the doors."""
    running = [Router(doors.journal, doors.keeper), Replayer(doors.journal, doors.keeper)]
    for one in running:
        one.start()
    yield
    for one in running:
        one.stop()


def put(events: BaseClient, *sources: str) -> None:
    entries = [{"Source": source, "DetailType": "sold", "Detail": "{}"} for source in sources]
    assert events.put_events(Entries=entries)["FailedEntryCount"] == 0


def start(events: BaseClient, name: str = "again", archive: str = "shop", **members: Any) -> dict[str, Any]:
    asked = {"EventSourceArn": f"{ARN}archive/{archive}", "Destination": {"Arn": BUS}} | WINDOW | members
    answer: dict[str, Any] = events.start_replay(ReplayName=name, **asked)
    return answer


def test_an_archive_counts_what_it_keeps(events: BaseClient, works: None):
    made = events.create_archive(
        ArchiveName="shop", EventSourceArn=BUS, EventPattern='{"source": ["shop"]}', RetentionDays=3,
        Description="sales",
    )  # fmt: skip
    assert made["ArchiveArn"] == f"{ARN}archive/shop"
    assert made["State"] == "ENABLED"

    put(events, "shop", "shop", "weather")

    found = until(
        lambda: (one := events.describe_archive(ArchiveName="shop"))["EventCount"] == 2 and one,
        what="two kept events",
    )
    assert found["SizeBytes"] == 2 * len("shop" + "sold" + "[]" + "{}" + "{}")
    assert found["EventPattern"] == '{"source": ["shop"]}'
    assert (found["RetentionDays"], found["Description"]) == (3, "sales")
    assert found["EventSourceArn"] == BUS
    assert (found["CreationTime"].tzinfo is not None) is True


def test_a_replay_runs_to_its_end_and_says_how_far_it_is(events: BaseClient, works: None):
    events.create_archive(ArchiveName="shop", EventSourceArn=BUS)
    put(events, "a", "b", "c")
    until(lambda: events.describe_archive(ArchiveName="shop")["EventCount"] == 3, what="kept events")
    events.put_rule(Name="chosen", EventPattern='{"source": ["a"]}')

    made = start(events, Destination={"Arn": BUS, "FilterArns": [f"{ARN}rule/chosen"]}, Description="once")

    assert (made["ReplayArn"], made["State"]) == (f"{ARN}replay/again", "STARTING")
    found = until(
        lambda: (one := events.describe_replay(ReplayName="again"))["State"] == "COMPLETED" and one,
        what="the replay's end",
    )
    assert found["Destination"] == {"Arn": BUS, "FilterArns": [f"{ARN}rule/chosen"]}
    assert found["EventSourceArn"] == f"{ARN}archive/shop"
    assert found["Description"] == "once"
    assert found["ReplayEndTime"] >= found["ReplayStartTime"]
    assert NOW.replace(microsecond=0) - timedelta(minutes=5) < found["EventLastReplayedTime"]
    assert [row.who for row in EventRow.objects.order_by("seq")][3:] == ["replay:again"] * 3
    assert [one["ReplayName"] for one in events.list_replays(State="COMPLETED")["Replays"]] == ["again"]
    assert events.list_replays(NamePrefix="x")["Replays"] == []
    assert events.list_replays(EventSourceArn=f"{ARN}archive/shop")["Replays"][0]["State"] == "COMPLETED"
    assert error_of(lambda: events.cancel_replay(ReplayName="again")) == {
        "Code": "IllegalStatusException",
        "Message": "Replay again is not in a valid state for this operation.",
        "Status": 400,
    }


def test_a_replay_is_cancelled(doors: Doors, events: BaseClient):
    events.create_archive(ArchiveName="shop", EventSourceArn=BUS)
    start(events)

    assert events.cancel_replay(ReplayName="again")["State"] == "CANCELLING"
    assert events.describe_replay(ReplayName="again")["State"] == "CANCELLING"
    replayer = Replayer(doors.journal, doors.keeper)
    replayer.start()
    until(lambda: events.describe_replay(ReplayName="again")["State"] == "CANCELLED", what="its end")
    replayer.stop()


def test_archives_are_changed_listed_and_deleted(events: BaseClient):
    Bus.objects.create(name="orders")
    for name, bus in (("a", "default"), ("b", "default"), ("c", "orders")):
        events.create_archive(ArchiveName=name, EventSourceArn=f"{ARN}event-bus/{bus}", RetentionDays=1)

    events.update_archive(ArchiveName="a", RetentionDays=0)

    assert events.describe_archive(ArchiveName="a")["RetentionDays"] == 0
    first = events.list_archives(Limit=2)
    rest = events.list_archives(Limit=2, NextToken=first["NextToken"])
    assert [one["ArchiveName"] for one in first["Archives"] + rest["Archives"]] == ["a", "b", "c"]
    assert "NextToken" not in rest
    of_orders = events.list_archives(EventSourceArn=f"{ARN}event-bus/orders")["Archives"]
    assert [one["ArchiveName"] for one in of_orders] == ["c"]
    assert events.list_archives(State="CREATING")["Archives"] == []
    events.delete_archive(ArchiveName="c")
    events.delete_event_bus(Name="orders")
    assert [one["ArchiveName"] for one in events.list_archives(NamePrefix="b")["Archives"]] == ["b"]


def test_what_cannot_be_archived_or_replayed_is_refused_in_awss_words(events: BaseClient, settings: Any):
    events.create_archive(ArchiveName="shop", EventSourceArn=BUS)
    Bus.objects.create(name="orders")
    start(events, "there")
    orders = f"{ARN}event-bus/orders"
    refused = {
        "ResourceAlreadyExistsException: Archive shop already exists.": lambda: events.create_archive(
            ArchiveName="shop", EventSourceArn=BUS
        ),
        "ResourceNotFoundException: Event bus none does not exist.": lambda: events.create_archive(
            ArchiveName="x", EventSourceArn=f"{ARN}event-bus/none"
        ),
        "ResourceNotFoundException: Archive x does not exist.": lambda: events.describe_archive(
            ArchiveName="x"
        ),
        "ResourceNotFoundException: Replay x does not exist.": lambda: events.describe_replay(ReplayName="x"),
        "ResourceAlreadyExistsException: Replay there already exists.": lambda: start(events, "there"),
        "ValidationException: Parameter EventSourceArn is not valid. Reason: Archive x does not exist.": (
            lambda: start(events, archive="x")
        ),
        "ValidationException: Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN.": (
            lambda: start(events, EventSourceArn=BUS)
        ),
        "ValidationException: Parameter Destination.Arn is not valid. Reason: Must contain an event bus"
        " ARN.": (lambda: start(events, Destination={"Arn": f"{ARN}rule/x"})),
        "ValidationException: Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not"
        " permitted.": lambda: start(events, Destination={"Arn": orders}),
        "ValidationException: Parameter EventEndTime is not valid. Reason: EventStartTime must be before"
        " EventEndTime.": lambda: start(events, EventEndTime=NOW - timedelta(hours=1)),
        f"ValidationException: Parameter Destination.FilterArns is not valid. Reason: Rule {ARN}rule/x does"
        " not exist on default.": lambda: start(
            events, Destination={"Arn": BUS, "FilterArns": [f"{ARN}rule/x"]}
        ),
        "ValidationException: At most one filter is allowed for ListArchives. Use either : State,"
        " EventSourceArn, or NamePrefix.": lambda: events.list_archives(NamePrefix="a", State="ENABLED"),
        "ValidationException: At most one filter is allowed for ListReplays. Use either : State,"
        " EventSourceArn, or NamePrefix.": lambda: events.list_replays(NamePrefix="a", State="FAILED"),
        "InvalidEventPatternException: Event pattern is not valid. Reason: Empty arrays are not allowed": (
            lambda: events.update_archive(ArchiveName="shop", EventPattern='{"source": []}')
        ),
    }
    for wanted, call in refused.items():
        found = error_of(call)
        assert f"{found['Code']}: {found['Message']}".startswith(wanted), (wanted, found)
    settings.MAX_ARCHIVES = settings.MAX_REPLAYS = 1
    assert error_of(lambda: events.create_archive(ArchiveName="y", EventSourceArn=BUS))["Code"] == (
        "LimitExceededException"
    )
    assert error_of(lambda: start(events, "y"))["Code"] == "LimitExceededException"


def test_a_key_of_one_bus_archives_and_replays_that_bus_alone(doors: Doors, events: BaseClient):
    orders = Bus.objects.create(name="orders")
    events.create_archive(ArchiveName="shop", EventSourceArn=BUS)
    start(events)
    key, secret = mint("orders", [Scope.RULES_WRITE, Scope.RULES_READ], buses=[orders])
    limited = client(doors, key.pk, secret)

    limited.create_archive(ArchiveName="own", EventSourceArn=f"{ARN}event-bus/orders")

    assert [one["ArchiveName"] for one in limited.list_archives()["Archives"]] == ["own"]
    assert limited.list_replays()["Replays"] == []
    for call in (
        lambda: limited.describe_archive(ArchiveName="shop"),
        lambda: limited.delete_archive(ArchiveName="shop"),
        lambda: limited.cancel_replay(ReplayName="again"),
        lambda: start(limited, "x"),
        lambda: limited.create_archive(ArchiveName="x", EventSourceArn=BUS),
    ):
        assert error_of(call)["Code"] == "AccessDeniedException"


@pytest.mark.parametrize("moment", [b"1e300", b"-1", b"1e18", b"1e999"])
def test_a_moment_that_no_calendar_has_is_refused(moment: bytes):
    document = jsontext.decode(b'{"EventStartTime": ' + moment + b"}")

    with pytest.raises(AwsError, match="can not be converted to a Date") as refused:
        validated("StartReplay", document)

    assert refused.value.code == "SerializationException"


def test_a_number_with_a_fraction_is_no_limit():
    with pytest.raises(AwsError, match="NUMBER_VALUE can not be converted to an Integer"):
        validated("ListArchives", jsontext.decode(b'{"Limit": 1.5}'))


def test_a_character_that_no_database_keeps_is_refused():
    with pytest.raises(AwsError, match="A character with code 0") as refused:
        validated("CreateArchive", {"ArchiveName": "a", "EventSourceArn": BUS, "Description": "a\0b"})

    assert refused.value.code == "SerializationException"
