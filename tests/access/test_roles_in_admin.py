"""What people of some buses can do in the admin: give roles, make keys, change rules, and no more."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from eventhub.access.caller import caller_of_user
from eventhub.access.scopes import Scope
from eventhub.models import ApiKey, AuditEntry, Bus, Grant, Role, Rule, RuleTarget, Target
from tests.people import browser_of, person

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "journal"]),
    pytest.mark.usefixtures("journal"),  # what saving a rule is warned of is read there
]


@pytest.fixture
def ours() -> Bus:
    return Bus.objects.create(name="ours")


@pytest.fixture
def theirs() -> Bus:
    return Bus.objects.create(name="theirs")


@pytest.fixture
def boss(ours: Bus) -> Client:
    """Return the browser of an administrator of ``ours``."""
    return browser_of(person("boss", Role.ADMINISTRATOR, ours))


def errors(response: object) -> list[str]:
    return list(response.context["adminform"].form.errors)  # type: ignore[attr-defined]  # of Django's test client


def test_an_administrator_of_a_bus_gives_roles_on_it_and_on_no_other(
    boss: Client, ours: Bus, theirs: Bus
) -> None:
    ann = person("ann", None)
    add = "/admin/eventhub/grant/add/"

    given = boss.post(add, {"user": ann.pk, "role": "editor", "bus": ours.pk})
    beyond = boss.post(add, {"user": ann.pk, "role": "editor", "bus": theirs.pk})
    everywhere = boss.post(add, {"user": ann.pk, "role": "editor", "bus": ""})

    assert given.status_code == 302
    assert (errors(beyond), errors(everywhere)) == (["bus"], ["bus"])
    assert [(grant.user, grant.role, grant.bus) for grant in Grant.of(ann)] == [(ann, "editor", ours)]
    told = AuditEntry.objects.filter(kind="role").latest("id")
    assert (told.who, told.action, told.bus_id) == ("user:boss", "created", ours.pk)


@pytest.mark.parametrize("members", [{}, {"user": "ann", "group": "team"}])
def test_a_role_is_of_a_user_or_a_group(boss: Client, ours: Bus, members: dict[str, str]) -> None:
    response = boss.post("/admin/eventhub/grant/add/", {"role": "viewer", "bus": ours.pk, **members})

    assert response.status_code == 200
    assert not Grant.objects.exclude(user__username="boss").exists()


def test_one_has_one_role_on_a_bus(boss: Client, ours: Bus) -> None:
    ann = person("ann", Role.VIEWER, ours)

    response = boss.post("/admin/eventhub/grant/add/", {"user": ann.pk, "role": "editor", "bus": ours.pk})

    assert "this user has a role there already" in response.content.decode()


def test_an_administrator_of_a_bus_makes_keys_that_are_limited_to_it(
    boss: Client, ours: Bus, theirs: Bus
) -> None:
    add, till = "/admin/eventhub/apikey/add/", {"name": "till", "scopes": ["admin"]}

    for buses in ([], [theirs.pk], [ours.pk, theirs.pk]):
        assert errors(boss.post(add, {**till, "buses": buses})) == ["buses"]
    made = boss.post(add, {**till, "buses": [ours.pk]})

    assert made.status_code == 200
    assert [bus.name for bus in ApiKey.objects.get().buses.all()] == ["ours"]


def test_an_editor_of_a_bus_makes_rules_on_it_for_targets_that_it_uses(ours: Bus, theirs: Bus) -> None:
    editor = browser_of(person("editor", Role.EDITOR, ours))
    used, other = (Target.objects.create(name=name, url="http://x.example/") for name in ("used", "other"))
    rule = Rule.objects.create(bus=ours, name="first", pattern='{"source": ["shop"]}')
    RuleTarget.objects.create(rule=rule, target=used)
    form = {"name": "second", "pattern": '{"source": ["till"]}', "enabled": "on", "links-INITIAL_FORMS": "0"}

    page = editor.get("/admin/eventhub/rule/add/").content.decode()
    refused = editor.post("/admin/eventhub/rule/add/", {**form, "bus": theirs.pk, "links-TOTAL_FORMS": "0"})
    made = editor.post(
        "/admin/eventhub/rule/add/",
        {
            **form,
            "bus": ours.pk,
            "links-TOTAL_FORMS": "1",
            "links-0-target": used.pk,
            "warned": "target:used",  # nothing listens there
        },
    )

    assert ">used</option>" in page
    assert ">other</option>" not in page
    assert errors(refused) == ["bus"]
    assert made.status_code == 302
    assert [target.name for target in Rule.objects.get(name="second").targets.all()] == ["used"]
    assert other.pk


def test_an_action_changes_only_what_one_may_change(ours: Bus, theirs: Bus) -> None:
    mixed = person("mixed", Role.VIEWER, theirs)
    person("mixed", Role.EDITOR, ours)
    rules = [Rule.objects.create(bus=bus, name=bus.name, pattern='{"a": [1]}') for bus in (ours, theirs)]
    client = browser_of(mixed)

    client.post(
        "/admin/eventhub/rule/", {"action": "disable", "_selected_action": [rule.pk for rule in rules]}
    )
    deleting = {"action": "delete_selected", "post": "yes", "_selected_action": [rules[1].pk]}
    client.post("/admin/eventhub/rule/", deleting)

    assert dict(Rule.objects.values_list("name", "enabled")) == {"ours": False, "theirs": True}


def test_a_superuser_gives_roles_on_a_persons_page(admin_client: Client, ours: Bus) -> None:
    ann = person("ann", None)
    address = f"/admin/auth/user/{ann.pk}/change/"
    page = admin_client.get(address).content.decode()

    response = admin_client.post(
        address,
        {
            "username": "ann",
            "is_active": "on",
            "date_joined_0": "2026-01-02",
            "date_joined_1": "03:04:05",
            "grants-TOTAL_FORMS": "1",
            "grants-INITIAL_FORMS": "0",
            "grants-0-role": "editor",
            "grants-0-bus": ours.pk,
        },
    )

    assert response.status_code == 302, response.context["errors"]
    assert "Administrator of everything" in page
    assert "user_permissions" not in page
    caller = caller_of_user(get_user_model().objects.get(username="ann"))
    assert caller is not None
    assert caller.buses(Scope.RULES_WRITE) == {ours.pk}
    assert "editor of ours" in admin_client.get("/admin/auth/user/").content.decode()


def test_who_has_no_role_reads_what_to_do(ours: Bus) -> None:
    stranger = browser_of(person("stranger", None))

    response = stranger.get("/flow")

    text = response.content.decode()
    assert response.status_code == 403
    assert "You have no role on any bus yet" in text
    assert "stranger" in text
    assert "ours" not in text
    assert "/admin/" not in text
