"""Global endpoints, configured by boto3's own client code, and events put through them."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient
from django.test import Client

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import Bus, GlobalEndpoint
from tests.api.door import Doors
from tests.api.test_put_events import ENTRY, client, error_of, signed

HERE = "arn:aws:events:us-east-1:000000000000:event-bus/orders"
THERE = "arn:aws:events:eu-west-1:000000000000:event-bus/orders"
HEALTH = "arn:aws:route53:::healthcheck/0d1e2f3a"
CONFIG: dict[str, Any] = {
    "Name": "orders",
    "RoutingConfig": {
        "FailoverConfig": {"Primary": {"HealthCheck": HEALTH}, "Secondary": {"Route": "eu-west-1"}}
    },
    "EventBuses": [{"EventBusArn": HERE}, {"EventBusArn": THERE}],
}


@pytest.fixture
def events(doors: Doors) -> BaseClient:
    Bus.objects.create(name="orders")
    key, secret = mint("operator", [Scope.ADMIN])
    return client(doors, key.pk, secret)


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    error = error_of(call, **arguments)
    return error["Code"], error["Message"]


def test_an_endpoint_is_made_described_changed_listed_and_deleted(events: BaseClient) -> None:
    made = events.create_endpoint(**CONFIG, Description="of the shop")
    described = events.describe_endpoint(Name="orders", HomeRegion="us-east-1")
    updated = events.update_endpoint(Name="orders", ReplicationConfig={"State": "DISABLED"})
    listed = events.list_endpoints(NamePrefix="ord", MaxResults=1)["Endpoints"]

    assert made["Arn"] == described["Arn"] == "arn:aws:events:us-east-1:000000000000:endpoint/orders"
    assert made["EventBuses"] == CONFIG["EventBuses"]
    assert described["RoutingConfig"] == CONFIG["RoutingConfig"]
    assert (described["State"], described["ReplicationConfig"]) == ("ACTIVE", {"State": "ENABLED"})
    assert described["StateReason"].startswith("Events are put on the primary event bus.")
    assert described["Description"] == "of the shop"
    assert updated["ReplicationConfig"] == {"State": "DISABLED"}
    assert [one["EndpointId"] for one in listed] == [described["EndpointId"]] == [updated["EndpointId"]]
    assert events.list_endpoints(HomeRegion="eu-west-1")["Endpoints"] == []
    events.delete_endpoint(Name="orders")
    assert refused(events.describe_endpoint, Name="orders") == (
        "ResourceNotFoundException",
        "Endpoint orders does not exist.",
    )


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        (
            {"EventBuses": [{"EventBusArn": THERE}] * 2},
            "ValidationException",
            "one only, must be of the Region",
        ),
        (
            {"EventBuses": [{"EventBusArn": HERE + "s"}, {"EventBusArn": THERE}]},
            "ResourceNotFoundException",
            "Event bus orderss does not exist.",
        ),
        (
            {"EventBuses": [{"EventBusArn": HERE}, {"EventBusArn": THERE + "s"}]},
            "ValidationException",
            "wanted a bus named orders as the primary one, found orderss",
        ),
        (
            {
                "RoutingConfig": {
                    "FailoverConfig": {
                        "Primary": {"HealthCheck": HEALTH},
                        "Secondary": {"Route": "eu-west-2"},
                    }
                }
            },
            "ValidationException",
            f"The secondary Region eu-west-2 must be that of the event bus {THERE}.",
        ),
    ],
)
def test_buses_that_do_not_go_together_are_refused(
    events: BaseClient, changed: dict[str, Any], code: str, said: str
) -> None:
    found, message = refused(events.create_endpoint, **(CONFIG | changed))

    assert found == code
    assert said in message
    assert not GlobalEndpoint.objects.exists()


def test_a_bus_of_an_endpoint_is_not_deleted(events: BaseClient) -> None:
    events.create_endpoint(**CONFIG)

    assert refused(events.create_endpoint, **CONFIG)[0] == "ResourceAlreadyExistsException"
    assert refused(events.delete_event_bus, Name="orders") == (
        "ValidationException",
        "bus orders is of global endpoint orders: delete it first.",
    )


@pytest.mark.parametrize("named", [None, "orders", HERE, THERE])
def test_events_put_through_an_endpoint_come_to_its_primary_bus(
    doors: Doors, events: BaseClient, named: str | None
) -> None:
    events.create_endpoint(**CONFIG)
    entry = ENTRY if named is None else ENTRY | {"EventBusName": named}
    body = {"EndpointId": GlobalEndpoint.objects.get().endpoint_id, "Entries": [entry]}

    answer = signed(doors, json.dumps(body).encode())

    assert answer.json["FailedEntryCount"] == 0
    assert len(doors.stored("orders")) == 1


def test_an_endpoint_or_bus_that_is_not_meant_is_refused(doors: Doors, events: BaseClient) -> None:
    events.create_endpoint(**CONFIG)
    known = GlobalEndpoint.objects.get().endpoint_id

    def said(endpoint: str, bus: str) -> str:
        body = {"EndpointId": endpoint, "Entries": [ENTRY | {"EventBusName": bus}]}
        answer = signed(doors, json.dumps(body).encode())
        assert answer.json["__type"] == "ValidationException"
        return str(answer.json["message"])

    assert said("abc.veo", "orders") == (
        "Parameter EndpointId is not valid. Reason: there is no endpoint abc.veo."
    )
    assert said(known, "default") == (
        f"Parameter EventBusName is not valid. Reason: default is no event bus of the endpoint {known}."
    )
    assert "regular expression pattern" in said("abc", "orders")
    assert doors.everything() == []


@pytest.mark.django_db
def test_an_endpoint_is_configured_in_the_admin_and_over_rest(admin_client: Client) -> None:
    bus = Bus.objects.create(name="orders")
    form = {"name": "shop", "bus": bus.pk, "secondary_bus": THERE, "health_check": HEALTH}
    added = admin_client.post("/admin/eventhub/globalendpoint/add/", form)
    read = admin_client.get("/api/global-endpoints/shop").json()
    body = read | {"secondary_bus": HERE}
    for name in ("endpoint_id", "created_at", "updated_at"):
        body.pop(name)
    refusal = admin_client.put("/api/global-endpoints/shop", body, content_type="application/json")

    assert added.status_code == 302
    assert (read["bus"], read["secondary_bus"], read["health_check"]) == ("orders", THERE, HEALTH)
    assert read["endpoint_id"] == GlobalEndpoint.objects.get().endpoint_id
    assert read["endpoint_id"] in admin_client.get("/admin/eventhub/globalendpoint/").content.decode()
    [error] = refusal.json()["errors"]
    assert error == {"path": "secondary_bus", "message": "wanted a bus of another Region than us-east-1"}
