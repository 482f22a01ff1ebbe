"""Buses and targets in the admin, and who gets in."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client

from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, Rule, Target
from tests.journal.build import append, new_event
from tests.people import browser_of, person

pytestmark = pytest.mark.django_db


def target_form(**members: Any) -> dict[str, Any]:
    return {
        "name": "till",
        "kind": "webhook",
        "url": "http://till.example/in",
        "enabled": "on",
        "max_attempts": 185,
        "max_age_seconds": 86_400,
        "timeout_seconds": 15,
        "connect_timeout_seconds": 10,
        "payload_format": "eventbridge",
        "schedule": "exponential",
        "max_in_flight": 32,
        "circuit_failures": 20,
        "circuit_ratio": 0,
        "circuit_wait_seconds": 30,
        **members,
    }


def test_a_webhook_target_is_made(ann: Client) -> None:
    ann.post("/admin/eventhub/target/add/", target_form())

    assert Target.objects.get().address == "http://till.example/in"


def test_a_wrong_url_is_refused_at_the_field(ann: Client) -> None:
    response = ann.post("/admin/eventhub/target/add/", target_form(url="till.example"))

    errors = response.context["adminform"].form.errors
    assert list(errors) == ["url"]
    assert "wanted http://host/path" in errors["url"][0]


def test_a_target_made_in_the_popup_goes_back_to_the_rule(ann: Client) -> None:
    response = ann.post("/admin/eventhub/target/add/?_popup=1", target_form(_popup="1"))

    assert response.templates[0].name == "admin/popup_response.html"
    assert f"&quot;value&quot;: &quot;{Target.objects.get().pk}&quot;" in response.content.decode()


@pytest.mark.django_db(transaction=True, databases=["default", "journal"])
@pytest.mark.usefixtures("journal")
def test_a_target_in_use_is_not_deleted_and_the_rule_is_named(ann: Client) -> None:
    target = Target.objects.create(name="till", url="http://till.example/in")
    rule = Rule.objects.create(bus=Bus.objects.get(), name="sales", pattern="{}")
    rule.set_targets([target])

    page = ann.get(f"/admin/eventhub/target/{target.pk}/delete/").content.decode()
    ann.post(f"/admin/eventhub/target/{target.pk}/delete/", {"post": "yes"})

    assert "would require deleting the following protected related objects" in page
    assert "sales → till" in page
    assert Target.objects.exists()


def test_buses_are_paused_and_resumed_from_the_list(journal: SqliteJournal, ann: Client) -> None:
    bus = Bus.objects.get()
    append(journal, new_event(bus_id=bus.pk), new_event(bus_id=bus.pk))
    chosen = {"_selected_action": [bus.pk]}

    paused = ann.post("/admin/eventhub/bus/", {"action": "pause", **chosen}, follow=True).content.decode()
    assert "Paused: default." in paused
    assert "paused, 2 events waiting" in paused
    resumed = ann.post("/admin/eventhub/bus/", {"action": "resume", **chosen}, follow=True)
    assert "goes on" in resumed.content.decode()
    assert not Bus.objects.get().paused


def test_the_default_bus_cannot_be_deleted(journal: SqliteJournal, ann: Client) -> None:
    bus = Bus.objects.get()
    asked = ann.post("/admin/eventhub/bus/", {"action": "delete_selected", "_selected_action": [bus.pk]})

    assert ann.post(f"/admin/eventhub/bus/{bus.pk}/delete/", {"post": "yes"}).status_code == 403
    assert "The default bus always exists" in asked.content.decode()
    ann.post(
        "/admin/eventhub/bus/",
        {"action": "delete_selected", "_selected_action": [bus.pk], "post": "yes"},
    )
    assert Bus.objects.exists()


def test_a_bus_with_rules_shows_them_before_it_is_deleted(journal: SqliteJournal, ann: Client) -> None:
    bus = Bus.objects.create(name="marketing")
    Rule.objects.create(bus=bus, name="campaigns", pattern="{}")

    page = ann.get(f"/admin/eventhub/bus/{bus.pk}/delete/").content.decode()
    ann.post(f"/admin/eventhub/bus/{bus.pk}/delete/", {"post": "yes"})

    assert "campaigns" in page
    assert not Bus.objects.filter(name="marketing").exists()


def test_a_bus_keeps_its_name(ann: Client) -> None:
    bus = Bus.objects.get()

    ann.post(f"/admin/eventhub/bus/{bus.pk}/change/", {"name": "other", "description": "changed"})

    bus.refresh_from_db()
    assert (bus.name, bus.description) == ("default", "changed")


def test_who_has_no_role_does_not_get_in() -> None:
    client = browser_of(person("stranger", None))

    response = client.get("/admin/eventhub/rule/", follow=True)

    assert response.status_code == 403


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        ("rule", "big orders", 'found a space in "big orders"'),
        ("target", "till/2", "found '/' in \"till/2\""),
        ("bus", "käse", "found '\\xe4' in \"käse\""),
    ],
)
def test_a_name_says_which_characters_it_takes_and_which_it_found(
    kind: str, name: str, found: str, ann: Client
) -> None:
    address = f"/admin/eventhub/{kind}/add/?kind=webhook"
    assert "letters, digits, dots, hyphens or underscores; no spaces." in ann.get(address).content.decode()

    response = ann.post(address, {"name": name})

    assert response.context["adminform"].form.errors["name"][0].endswith(found)


def test_everything_is_listed_once_in_groups_along_an_events_way(ann: Client) -> None:
    listed = ann.get("/admin/").context["app_list"]

    assert [app["name"] for app in listed] == [
        "Routing",
        "Delivery",
        "Keeping",
        "Access",
        "What happened",
        "As in EventBridge",
    ]
    names = [model["object_name"] for app in listed for model in app["models"]]
    registered = [model.__name__ for model in admin.site._registry]
    assert sorted(names) == sorted([*registered, "Schedule"])


def test_django_s_page_of_an_application_lists_its_models(ann: Client) -> None:
    page = ann.get("/admin/auth/").content.decode()

    assert "/admin/auth/user/" in page


def test_the_admin_has_no_sign_in_page_of_its_own(ann: Client) -> None:
    away = Client().get("/admin/eventhub/rule/add/", follow=True)
    assert away.redirect_chain[-1][0] == "/sign-in?next=/admin/eventhub/rule/add/"
    assert ann.get("/admin/login/?next=//elsewhere.example").headers["Location"] == "/admin/"
    client = Client()
    client.force_login(get_user_model().objects.create(username="reader"))
    refused = client.get("/admin/", follow=True)
    assert refused.status_code == 403
    assert b"Ask an administrator" in refused.content
