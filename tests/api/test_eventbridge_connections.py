"""Connections and API destinations, configured by boto3's own client code."""

from typing import Any

import pytest
from botocore.client import BaseClient

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import ApiDestination, Bus, Connection
from tests.api.door import Doors
from tests.api.test_put_events import client, error_of

ARN = "arn:aws:events:us-east-1:000000000000:"
BASIC = {"BasicAuthParameters": {"Username": "ann", "Password": "hush"}}
API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "hush"}}
OAUTH = {
    "OAuthParameters": {
        "ClientParameters": {"ClientID": "shop", "ClientSecret": "hush"},
        "AuthorizationEndpoint": "https://login.example.com/token",
        "HttpMethod": "POST",
        "OAuthHttpParameters": {
            "BodyParameters": [{"Key": "scope", "Value": "orders", "IsValueSecret": False}],
            "HeaderParameters": [{"Key": "X-Tenant", "Value": "hush", "IsValueSecret": True}],
        },
    },
    "InvocationHttpParameters": {
        "QueryStringParameters": [
            {"Key": "a", "Value": "1", "IsValueSecret": False},
            {"Key": "b", "Value": "hush", "IsValueSecret": True},
        ]
    },
}


@pytest.fixture
def events(doors: Doors) -> BaseClient:
    key, secret = mint("operator", [Scope.ADMIN])
    return client(doors, key.pk, secret)


@pytest.mark.parametrize(
    ("kind", "given", "shown", "auth"),
    [
        ("BASIC", BASIC, {"BasicAuthParameters": {"Username": "ann"}}, "basic"),
        ("API_KEY", API_KEY, {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key"}}, "api-key"),
        (
            "OAUTH_CLIENT_CREDENTIALS",
            OAUTH,
            {
                "OAuthParameters": {
                    "ClientParameters": {"ClientID": "shop"},
                    "AuthorizationEndpoint": "https://login.example.com/token",
                    "HttpMethod": "POST",
                    "OAuthHttpParameters": {
                        "BodyParameters": [{"Key": "scope", "Value": "orders", "IsValueSecret": False}],
                        "HeaderParameters": [{"Key": "X-Tenant", "IsValueSecret": True}],
                    },
                },
                "InvocationHttpParameters": {
                    "QueryStringParameters": [
                        {"Key": "a", "Value": "1", "IsValueSecret": False},
                        {"Key": "b", "IsValueSecret": True},
                    ]
                },
            },
            "oauth-client-credentials",
        ),
    ],
)
def test_a_connection_of_each_type_is_made_and_described_without_its_secrets(
    events: BaseClient, kind: str, given: dict[str, Any], shown: dict[str, Any], auth: str
) -> None:
    made = events.create_connection(
        Name="crm", AuthorizationType=kind, AuthParameters=given, Description="of the shop"
    )
    described = events.describe_connection(Name="crm")

    assert made["ConnectionState"] == described["ConnectionState"] == "AUTHORIZED"
    assert made["ConnectionArn"].startswith(f"{ARN}connection/crm/")
    assert described["SecretArn"].startswith(
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:events!connection/crm/"
    )
    assert (described["AuthParameters"], described["Description"]) == (shown, "of the shop")
    assert "hush" not in repr(described)
    stored = Connection.objects.get(name="crm")
    stored.full_clean()
    assert stored.auth == auth


def test_an_update_changes_what_is_given_and_keeps_the_rest(events: BaseClient) -> None:
    events.create_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)

    events.update_connection(Name="crm", AuthParameters={"BasicAuthParameters": {"Username": "bob"}})
    assert Connection.objects.get().secrets() == {"password": "hush"}

    events.update_connection(Name="crm", AuthorizationType="API_KEY", AuthParameters=API_KEY)
    connection = Connection.objects.get()
    assert (connection.config, connection.secrets()) == ({"header": "X-Key"}, {"key": "hush"})


def test_a_deauthorized_connection_has_no_secrets_until_it_is_updated(events: BaseClient) -> None:
    events.create_connection(Name="crm", AuthorizationType="API_KEY", AuthParameters=API_KEY)

    assert events.deauthorize_connection(Name="crm")["ConnectionState"] == "DEAUTHORIZED"

    assert Connection.objects.get().secrets() == {}
    [listed] = events.list_connections(ConnectionState="DEAUTHORIZED")["Connections"]
    assert listed["StateReason"] == "deauthorized by DeauthorizeConnection"
    again = events.update_connection(Name="crm", AuthParameters=API_KEY)
    assert again["ConnectionState"] == "AUTHORIZED"


def test_what_is_there_or_missing_or_of_another_type_is_said(events: BaseClient) -> None:
    events.create_connection(Name="crm", AuthorizationType="API_KEY", AuthParameters=API_KEY)

    there = error_of(
        events.create_connection, Name="crm", AuthorizationType="API_KEY", AuthParameters=API_KEY
    )
    missing = error_of(events.describe_connection, Name="none")
    other = error_of(events.create_connection, Name="x", AuthorizationType="BASIC", AuthParameters=API_KEY)
    empty = error_of(events.create_connection, Name="x", AuthorizationType="BASIC", AuthParameters={})

    assert (there["Code"], there["Message"]) == (
        "ResourceAlreadyExistsException",
        "Connection crm already exists.",
    )
    assert missing["Message"] == ("Failed to describe the connection(s). Connection 'none' does not exist.")
    assert other["Message"] == (
        "ApiKeyAuthParameters: wanted BasicAuthParameters for this AuthorizationType."
    )
    assert empty["Code"] == "ValidationException"
    assert [one.name for one in Connection.objects.all()] == ["crm"]


def test_an_api_destination_is_made_changed_listed_and_deleted(events: BaseClient) -> None:
    connection = events.create_connection(Name="crm", AuthorizationType="API_KEY", AuthParameters=API_KEY)
    arn = connection["ConnectionArn"]

    made = events.create_api_destination(
        Name="orders", ConnectionArn=arn, InvocationEndpoint="https://example.com/*", HttpMethod="POST"
    )
    changed = events.update_api_destination(Name="orders", HttpMethod="PUT", InvocationRateLimitPerSecond=7)
    described = events.describe_api_destination(Name="orders")
    in_use = error_of(events.delete_connection, Name="crm")
    listed = events.list_api_destinations(ConnectionArn=arn)["ApiDestinations"]
    events.delete_api_destination(Name="orders")
    deleted = events.delete_connection(Name="crm")

    assert made["ApiDestinationArn"] == changed["ApiDestinationArn"] == listed[0]["ApiDestinationArn"]
    assert made["ApiDestinationState"] == "ACTIVE"
    assert described["ConnectionArn"] == arn
    assert (described["HttpMethod"], described["InvocationRateLimitPerSecond"]) == ("PUT", 7)
    assert described["InvocationEndpoint"] == "https://example.com/*"
    assert in_use["Message"] == "connection crm is used by orders: change them first."
    assert deleted["ConnectionState"] == "DELETING"
    assert not ApiDestination.objects.exists()
    missing = error_of(events.describe_api_destination, Name="orders")
    assert missing["Message"] == (
        "Failed to describe the api-destination(s). An api-destination 'orders' does not exist."
    )


def test_the_connection_of_an_api_destination_must_be_that_very_one(events: BaseClient) -> None:
    events.create_connection(Name="crm", AuthorizationType="API_KEY", AuthParameters=API_KEY)

    for arn in (f"{ARN}connection/crm/00000000-0000-0000-0000-000000000000", f"{ARN}connection/none/1"):
        error = error_of(
            events.create_api_destination,
            Name="orders",
            ConnectionArn=arn,
            InvocationEndpoint="https://example.com/",
            HttpMethod="POST",
        )
        assert error["Code"] in {"ResourceNotFoundException", "ValidationException"}
    assert not ApiDestination.objects.exists()


def test_a_key_limited_to_a_bus_reads_and_changes_no_connection(doors: Doors) -> None:
    key, secret = mint("shop", [Scope.RULES_READ, Scope.RULES_WRITE], [Bus.objects.create(name="shop")])
    limited = client(doors, key.pk, secret)

    assert error_of(limited.list_connections)["Code"] == "AccessDeniedException"
    assert error_of(limited.delete_connection, Name="crm")["Code"] == "AccessDeniedException"
    assert error_of(limited.list_api_destinations)["Code"] == "AccessDeniedException"
