"""Previewing over REST: the payload of a stored event, before and after."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from eventhub.access.scopes import Scope
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import RuleTarget
from tests.live.world import World
from tests.rest.conftest import Api, assert_problem


@pytest.fixture
def world(journal: SqliteJournal) -> World:
    return World(journal)


@pytest.fixture
def event(world: World) -> UUID:
    return world.accept(detail=b'{"order": {"id": 7, "total": 1.50}}', detail_type="order.paid")[0]


@pytest.fixture
def api(key_api: Callable[..., Api], world: World) -> Api:
    return key_api(Scope.EVENTS_READ, Scope.RULES_READ)


def seen(api: Api, event: UUID, body: dict[str, Any]) -> dict[str, Any]:
    answer = api("POST", f"/events/{event}/preview", body)
    assert answer.status_code == 200, answer.content
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_given_transform_shows_before_and_after(api: Api, event: UUID) -> None:
    transform = {
        "InputTransformer": {
            "InputPathsMap": {"total": "$.detail.order.total"},
            "InputTemplate": '{"paid": <total>, "by": "<aws.events.rule-name>"}',
        }
    }

    shown = seen(api, event, {"transform": transform})

    assert '"detail-type":"order.paid"' in shown["before"]["body"].replace(": ", ":")
    assert shown["after"]["body"] == '{"paid":1.50,"by":"rule"}'
    assert (shown["after"]["content_type"], shown["fault"]) == ("application/json", "")


def test_a_rules_own_transform_is_shown_with_its_name(world: World, api: Api, event: UUID) -> None:
    RuleTarget.objects.filter(rule=world.paid).update(
        transform={"InputTransformer": {"InputTemplate": '"by <aws.events.rule-name>"'}}
    )

    shown = seen(api, event, {"rule": world.paid.pk, "target": "mail"})

    assert "by paid" in shown["after"]["body"]


def test_a_format_is_shown_with_its_headers(api: Api, event: UUID) -> None:
    shown = seen(api, event, {"payload_format": "cloudevents-binary"})

    headers = {name.lower(): value for name, value in shown["after"]["headers"].items()}
    assert headers["ce-type"] == "order.paid"
    assert shown["after"]["body"] == '{"order": {"id": 7, "total": 1.50}}'


def test_what_would_not_be_sent_says_why(api: Api, event: UUID) -> None:
    transform = {
        "InputTransformer": {"InputPathsMap": {"x": "$.detail.order"}, "InputTemplate": '{"a": "say <x>"}'}
    }

    shown = seen(api, event, {"transform": transform})

    assert shown["after"] is None
    assert shown["fault"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "found neither"),
        ({"rule": 1}, "wanted rule and target, found one of them"),
        ({"rule": 1, "target": "mail", "transform": {}}, "found both"),
        ({"rule": 10**6, "target": "mail"}, "there is no rule 1000000 with a target 'mail'"),
        ({"payload_format": "xml"}, "wanted one of eventbridge"),
        ({"transform": {"InputPth": "$.detail"}}, "transform: "),
        ({"transform": "x"}, "transform: wanted a transform"),
    ],
)
def test_what_cannot_be_previewed_is_refused_where_it_is(
    api: Api, event: UUID, body: dict[str, Any], said: str
) -> None:
    assert said in assert_problem(api("POST", f"/events/{event}/preview", body), 400)["detail"]


def test_a_preview_takes_the_scopes_of_what_it_shows(
    world: World, event: UUID, key_api: Callable[..., Api]
) -> None:
    path, of_rule = f"/events/{event}/preview", {"rule": world.paid.pk, "target": "mail"}

    reader = key_api(Scope.EVENTS_READ)
    assert "rules:read" in assert_problem(reader("POST", path, of_rule), 403)["detail"]
    assert reader("POST", path, {"payload_format": "detail"}).status_code == 200
    assert_problem(key_api(Scope.RULES_READ)("POST", path, of_rule), 403)
    assert_problem(Api()("POST", path, of_rule), 401)
    limited = key_api(Scope.ADMIN, buses=(world.other,))
    assert_problem(limited("POST", path, of_rule), 404)
    assert_problem(reader("POST", f"/events/{uuid4()}/preview", {"payload_format": "detail"}), 404)
