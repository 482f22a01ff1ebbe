"""Targets of every kind, connections and API destinations in the admin."""

import re
from typing import Any

import pytest
from django.test import Client
from standardwebhooks import Webhook

from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import ApiDestination, Bus, Connection, Role, Rule, Target
from eventhub.targets.kinds import KINDS
from tests.admin.test_configuration import target_form
from tests.people import browser_of, person
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db
ADD = "/admin/eventhub/target/add/"


def errors(response: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = response.context["adminform"].form.errors
    return found


def address(target: Target, action: str = "change") -> str:
    return f"/admin/eventhub/target/{target.pk}/{action}/"


@pytest.fixture
def till(db: None) -> Target:
    return Target.objects.create(name="till", url="http://till.example/in")


def test_adding_asks_for_the_kind_first(ann: Client) -> None:
    page = ann.get(ADD + "?_popup=1").content.decode()

    assert all(f'id="kind-{name}"' in page for name in KINDS)
    assert "_popup=1&amp;kind=webhook" in page


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_form_of_a_kind_has_its_settings(ann: Client, kind: Any) -> None:
    page = ann.get(f"{ADD}?kind={kind.name}").content.decode()

    for field in kind.fields:
        names = (field.name, f"config_{field.name}", f"secret_{field.name}", "api_destination")
        assert any(f'name="{name}"' in page for name in names), field.name


def test_settings_and_secrets_are_kept_and_the_secrets_never_shown(ann: Client) -> None:
    stream = {"config_host": "8.8.8.8", "config_port": 6379, "config_database": 0, "config_max_length": 0}
    form = target_form(kind="redis-stream", config_stream="orders", secret_password="hunter22", **stream)

    ann.post(f"{ADD}?kind=redis-stream", form)

    target = Target.objects.get()
    assert (target.config["stream"], target.secrets()) == ("orders", {"password": "hunter22"})
    assert "hunter22" not in ann.get(address(target)).content.decode()
    ann.post(address(target), form | {"config_stream": "other", "secret_password": ""})
    target.refresh_from_db()
    assert (target.config["stream"], target.secrets()) == ("other", {"password": "hunter22"})


@pytest.mark.parametrize(
    ("kind", "members", "place", "message"),
    [
        ("webhook", {"config_headers": "Host: x"}, "config_headers", "set by Eventhub"),
        ("webhook", {"config_headers": "nonsense"}, "config_headers", "line 1: wanted"),
        ("webhook", {"max_attempts": 500}, "max_attempts", "wanted 1 to 186"),
        ("webhook", {"url": "http://169.254.169.254/"}, "url", "EVENTHUB_ALLOWED_NETWORKS"),
        ("bus", {}, "bus", "needs a bus"),
        ("redis-stream", {"config_host": "10.0.0.1", "config_stream": "s"}, "config_host", "allow"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    ann: Client, kind: str, members: dict[str, Any], place: str, message: str
) -> None:
    defaults = {"config_port": 6379, "config_database": 0, "config_max_length": 0}
    response = ann.post(f"{ADD}?kind={kind}", target_form(kind=kind, **defaults | members))

    assert message in errors(response)[place][0]


def test_headers_are_written_one_a_line(ann: Client) -> None:
    ann.post(f"{ADD}?kind=webhook", target_form(config_headers="X-Shop: north\nX-Till: 7"))

    target = Target.objects.get()
    assert target.config["headers"] == {"X-Shop": "north", "X-Till": "7"}
    assert "X-Shop: north\nX-Till: 7" in ann.get(address(target)).content.decode()


def test_a_target_shows_how_it_fares_and_is_switched(ann: Client, till: Target) -> None:
    assert "circuit" in ann.get(address(till)).content.decode()

    for action, member, value in (
        ("pause-it", "paused", True),
        ("resume-it", "paused", False),
        ("disable-it", "enabled", False),
        ("enable-it", "enabled", True),
    ):
        ann.post(address(till, action))
        till.refresh_from_db()
        assert getattr(till, member) is value, action
    assert ann.get(address(till, "pause-it")).status_code == 405
    assert ann.post(address(till, "explode-it")).status_code == 404


def test_targets_are_paused_and_resumed_from_the_list(ann: Client, till: Target) -> None:
    for action, paused in (("pause", True), ("resume", False)):
        ann.post("/admin/eventhub/target/", {"action": action, "_selected_action": [till.pk]})
        till.refresh_from_db()
        assert till.paused is paused


def test_a_test_shows_what_the_receiver_said(ann: Client) -> None:
    with Receiver() as receiver:
        target = Target.objects.create(name="here", url=receiver.url("/in"))

        page = ann.post(address(target, "test")).content.decode()

        assert receiver.requests[0].headers["webhook-id"]
    assert "The target took it." in page
    assert "<dd>200</dd>" in page


def test_a_new_signing_secret_is_shown_once(ann: Client) -> None:
    with Receiver() as receiver:
        target = Target.objects.create(name="here", url=receiver.url("/in"))
        page = ann.post(address(target, "rotate-secret")).content.decode()
        secret = page.partition('id="signing-secret">')[2].partition("<")[0]

        ann.post(address(target, "test"))

        [received] = receiver.requests
        Webhook(secret).verify(received.body, dict(received.headers))
    assert secret not in ann.get(address(target)).content.decode()
    assert "whpk_" in ann.post(address(target, "rotate-secret"), {"algorithm": "v1a"}).content.decode()


def test_who_may_only_look_cannot_act(till: Target) -> None:
    client = browser_of(person("bob", Role.VIEWER))

    page = client.get(address(till)).content.decode()

    assert "circuit" in page
    assert "Test it" not in page
    for action in ("test", "pause-it", "rotate-secret"):
        assert client.post(address(till, action)).status_code == 403


def test_kinds_for_administrators_are_theirs(till: Target) -> None:
    client = browser_of(person("eve", Role.EDITOR))
    Target.objects.filter(pk=till.pk).update(kind="kafka")

    assert 'id="kind-kafka"' not in client.get(ADD).content.decode()
    assert client.get(f"{ADD}?kind=kafka").status_code == 403
    assert client.post(address(till, "pause-it")).status_code == 403


def test_a_connection_is_made_by_its_authorisation(ann: Client) -> None:
    add = "/admin/eventhub/connection/add/"
    assert 'id="auth-bearer"' in ann.get(add).content.decode()
    form = {"name": "crm", "auth": "basic", "authorized": "on", "config_user_name": "u"}

    refused = ann.post(f"{add}?auth=basic", form | {"config_user_name": "a:b", "secret_password": "x"})
    ann.post(f"{add}?auth=basic", form | {"secret_password": "hunter22", "config_query": "v: 2"})

    assert "without a colon" in errors(refused)["config_user_name"][0]
    connection = Connection.objects.get()
    assert (connection.auth, connection.config) == ("basic", {"user_name": "u", "query": {"v": "2"}})
    assert connection.secrets() == {"password": "hunter22"}
    page = ann.get(f"/admin/eventhub/connection/{connection.pk}/change/").content.decode()
    assert "hunter22" not in page
    assert "leave empty to keep it" in page


def test_an_api_destination_is_made_and_kept_while_used(ann: Client) -> None:
    connection = Connection(name="crm", auth="bearer")
    connection.change_secrets({"token": "t"})
    connection.save()
    form = {"name": "orders", "connection": connection.pk, "method": "PUT", "rate_per_second": 5}
    add = "/admin/eventhub/apidestination/add/"

    refused = ann.post(add, form | {"endpoint": "http://10.0.0.1/"})
    ann.post(add, form | {"endpoint": "https://api.example.com/orders/*"})

    assert "EVENTHUB_ALLOWED_NETWORKS" in errors(refused)["endpoint"][0]
    made = ApiDestination.objects.get()
    response = ann.post(
        f"{ADD}?kind=api-destination",
        target_form(kind="api-destination", api_destination=made.pk, config_path_parameters="$.detail.id"),
    )
    assert response.status_code == 302, errors(response)
    assert Target.objects.get().config == {"path_parameters": ["$.detail.id"]}


def test_a_rule_transforms_for_one_of_its_targets(journal: SqliteJournal, ann: Client, till: Target) -> None:
    form = {
        "bus": Bus.objects.get(name="default").pk,
        "name": "r",
        "pattern": '{"source": ["shop"]}',
        "enabled": "on",
        "links-TOTAL_FORMS": 1,
        "links-INITIAL_FORMS": 0,
        "links-0-target": till.pk,
    }
    add = "/admin/eventhub/rule/add/"

    refused = ann.post(add, form | {"links-0-transform": '{"InputPath": "detail"}'})
    right = form | {"links-0-transform": '{"InputPath": "$.detail"}'}
    warned = re.findall(r'name="warned" value="([^"]+)"', ann.post(add, right).content.decode())
    ann.post(add, right | {"warned": warned})

    assert "InputPath" in refused.content.decode()
    rule = Rule.objects.get()
    assert rule.links.get().transform == {"InputPath": "$.detail"}
    page = ann.get(f"/admin/eventhub/rule/{rule.pk}/change/").content.decode()
    assert 'aria-label="Transform"' in page
    assert ">null<" not in page
