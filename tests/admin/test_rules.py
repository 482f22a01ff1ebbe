"""Rules in the admin."""

import re
from typing import Any

import pytest
from django.test import Client

from eventhub.models import Bus, Rule, Target, current_version

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.usefixtures("journal"),  # what saving a rule is warned of is read there
]
ADD = "/admin/eventhub/rule/add/"


@pytest.fixture
def target() -> Target:
    return Target.objects.create(name="till", url="http://till.example/in")


def form(*targets: Target, **members: Any) -> dict[str, Any]:
    """Build what the browser sends for a rule with these targets."""
    rows = {f"links-{row}-target": target.pk for row, target in enumerate(targets)}
    return {
        "bus": Bus.objects.get(name="default").pk,
        "name": "sales",
        "pattern": '{"source": ["shop"]}',
        "enabled": "on",
        "links-TOTAL_FORMS": len(targets),
        "links-INITIAL_FORMS": 0,
        # What these tests are not about: nothing listens at the targets, and patterns are alike.
        "warned": [*(f"target:{target.name}" for target in targets), "duplicate:sales"],
        **rows,
        **members,
    }


def test_a_rule_with_a_target_is_made_in_one_go_and_recorded_with_who(ann: Client, target: Target) -> None:
    before = current_version()

    response = ann.post(ADD, form(target))

    assert response.status_code == 302, response.content
    version = Rule.objects.get().versions.get()
    assert (version.number, version.made_by) == (1, "user:ann")
    assert version.targets == [{"id": target.pk, "name": "till"}]
    assert current_version() > before


def test_a_first_save_shows_the_warnings_and_a_second_one_saves(ann: Client, target: Target) -> None:
    typed = form(target, pattern='{"source": [{"exists": true}]}', warned=[])

    page = ann.post(ADD, typed)
    text = page.content.decode()
    keys = re.findall(r'name="warned" value="([^"]+)"', text)

    assert keys == ["everything", "target:till"]
    assert not page.context["errors"]
    assert "Save anyway" in text
    assert not Rule.objects.exists()
    assert ann.post(ADD, typed | {"warned": keys[:1]}).status_code == 200
    assert ann.post(ADD, typed | {"warned": keys}).status_code == 302


def test_what_is_refused_is_not_warned_of(ann: Client, target: Target) -> None:
    page = ann.post(ADD, form(target, name="two words", warned=[]))

    assert list(page.context["adminform"].form.errors) == ["name"]
    assert b"Save anyway" not in page.content


def test_a_pattern_error_is_at_the_field_with_its_place(ann: Client) -> None:
    response = ann.post(ADD, form(pattern='{"source": "shop"}'))

    errors = response.context["adminform"].form.errors
    assert list(errors) == ["pattern"]
    assert "line 1, column 12" in errors["pattern"][0]
    assert not Rule.objects.exists()


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ('{"source": ["' + "x" * 4085 + '"]}', "at most 4096 characters (it has 4101)"),
        ('{"source": ["\0"]}', "Null characters are not allowed"),
        ("", "This field is required, unless the rule has a schedule"),
    ],
)
def test_a_pattern_that_is_refused_has_one_error(ann: Client, pattern: str, said: str) -> None:
    response = ann.post(ADD, form(pattern=pattern))

    errors = response.context["adminform"].form.errors
    assert list(errors) == ["pattern"]
    [error] = errors["pattern"]
    assert said in error


def test_two_rules_of_one_name_on_a_bus_are_refused(ann: Client) -> None:
    ann.post(ADD, form())
    ann.post(ADD, form(name="other"))

    assert "already has a rule of this name" in ann.post(ADD, form()).content.decode()
    other = Rule.objects.get(name="other")
    response = ann.post(f"/admin/eventhub/rule/{other.pk}/change/", form())
    assert "already has a rule of this name" in response.content.decode()


def test_the_only_bus_is_chosen_already(ann: Client) -> None:
    assert b"selected>default</option>" in ann.get(ADD).content

    Bus.objects.create(name="other")
    assert b"selected>default</option>" not in ann.get(ADD).content


def test_bus_and_pattern_can_come_with_the_address(ann: Client) -> None:
    other = Bus.objects.create(name="other")

    page = ann.get(ADD, {"bus": other.pk, "pattern": '{"source": ["<shop>"]}'}).content.decode()

    assert "selected>other</option>" in page
    assert "{&quot;source&quot;: [&quot;&lt;shop&gt;&quot;]}</textarea>" in page


def test_a_changed_rule_shows_its_versions_and_keeps_its_bus(ann: Client) -> None:
    ann.post(ADD, form())
    rule = Rule.objects.get()
    other = Bus.objects.create(name="other")
    path = f"/admin/eventhub/rule/{rule.pk}/change/"

    ann.post(path, form(pattern='{"source": ["web"]}', bus=other.pk))

    rule.refresh_from_db()
    assert (rule.bus.name, rule.pattern) == ("default", '{"source": ["web"]}')
    page = ann.get(path).content.decode()
    table = page[page.index('<div class="versions">') :]
    assert re.findall(r"<td>(v\d)</td>", table) == ["v2", "v1"]
    assert "user:ann" in table


def test_saving_without_a_change_makes_no_version(ann: Client) -> None:
    ann.post(ADD, form())
    ann.post(f"/admin/eventhub/rule/{Rule.objects.get().pk}/change/", form(description="new words"))

    assert Rule.objects.get().versions.count() == 1


def test_an_action_disables_rules_and_records_it(ann: Client) -> None:
    ann.post(ADD, form())
    rule = Rule.objects.get()
    before = current_version()

    ann.post("/admin/eventhub/rule/", {"action": "disable", "_selected_action": [rule.pk]})

    rule.refresh_from_db()
    assert not rule.enabled
    assert [(version.number, version.enabled) for version in rule.versions.all()] == [(2, False), (1, True)]
    assert current_version() > before


def test_the_list_shows_bus_targets_and_version(ann: Client, target: Target) -> None:
    ann.post(ADD, form(target))

    page = ann.get("/admin/eventhub/rule/", {"q": "shop"}).content.decode()

    assert ">Events from &quot;shop&quot;.</span>" in page
    assert '<td class="field-target_names">till</td>' in page
    assert '<td class="field-current_version">v1</td>' in page


def test_deleting_chosen_rules_is_noted(ann: Client) -> None:
    ann.post(ADD, form())
    before = current_version()

    ann.post(
        "/admin/eventhub/rule/",
        {"action": "delete_selected", "_selected_action": [Rule.objects.get().pk], "post": "yes"},
    )

    assert not Rule.objects.exists()
    assert current_version() > before
