"""The lists of rules, targets and buses: what they show of the last hour, what can be done to chosen rows."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from django.test import Client

from eventhub.flow import process
from eventhub.flow.configure import Algorithm, rotate_signing
from eventhub.flow.process import Parts
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import AuditEntry, Bus, Role, Rule, RuleTarget, Target
from tests.journal.build import append, new_delivery, new_event, route
from tests.people import browser_of, person
from tests.receiver import Receiver

PATTERN = '{"source": ["shop"]}'


@pytest.fixture
def running(journal: SqliteJournal) -> Iterator[SqliteJournal]:
    """Let this process have the parts that pages ask."""
    process.install(Parts(journal, RulebookKeeper()))
    yield journal
    process.uninstall()


def rule_of(bus: str, name: str, *targets: Target, **members: Any) -> Rule:
    made = Rule.objects.create(
        bus=Bus.objects.get_or_create(name=bus)[0], name=name, **{"pattern": PATTERN, **members}
    )
    for target in targets:
        RuleTarget.objects.create(rule=made, target=target)
    made.record_version(by="user:ann")
    return made


def webhook(name: str = "till", url: str = "http://till.example/in", **members: Any) -> Target:
    return Target.objects.create(name=name, url=url, **members)


def act(browser: Client, kind: str, action: str, *rows: Any, **more: Any) -> Any:
    chosen = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return browser.post(f"/admin/eventhub/{kind}/", chosen)


def test_a_rule_s_row_has_the_matches_of_the_last_hour(running: SqliteJournal, ann: Client) -> None:
    busy, quiet = rule_of("default", "busy"), rule_of("default", "quiet")
    append(running, *(new_event(bus_id=busy.bus_id) for _ in range(3)))
    route(running, new_delivery(rule_id=busy.pk), bus_id=busy.bus_id)
    running.roll_up()

    rows = {row.pk: row.hour for row in ann.get("/admin/eventhub/rule/").context["cl"].result_list}

    assert (rows[busy.pk].count, rows[quiet.pk].count) == (3, 0)


def test_counts_are_of_buses_that_the_person_sees(running: SqliteJournal) -> None:
    shared = webhook()
    ours, theirs = rule_of("ours", "mine", shared), rule_of("theirs", "other", shared)
    viewer = browser_of(person("vic", Role.VIEWER, ours.bus))

    listed = viewer.get("/admin/eventhub/rule/").context["cl"].result_list

    assert [rule.pk for rule in listed] == [ours.pk]
    assert theirs.name not in viewer.get("/admin/eventhub/target/").content.decode()


@pytest.mark.django_db
def test_a_copy_of_a_rule_is_disabled_and_has_the_same_targets(ann: Client) -> None:
    till = webhook()
    sales = rule_of("default", "sales", till, description="What was sold")

    act(ann, "rule", "duplicate", sales)
    act(ann, "rule", "duplicate", sales)

    copies = Rule.objects.exclude(pk=sales.pk).order_by("name")
    assert [copy.name for copy in copies] == ["sales-copy", "sales-copy-2"]
    assert {(copy.enabled, copy.pattern, copy.description) for copy in copies} == {
        (False, PATTERN, "What was sold")
    }
    assert [list(copy.targets.all()) for copy in copies] == [[till], [till]]
    assert [copy.versions.get().made_by for copy in copies] == ["user:ann", "user:ann"]


def test_moving_a_rule_shows_what_it_does_before_it_does_it(journal: SqliteJournal, ann: Client) -> None:
    till, other = webhook(), Bus.objects.create(name="other")
    sales = rule_of("default", "sales", till)
    append(journal, new_event(bus_id=sales.bus_id))
    route(journal, new_delivery(target_id=till.pk, rule_id=sales.pk), bus_id=sales.bus_id)

    asked = act(ann, "rule", "move", sales)
    shown = act(ann, "rule", "move", sales, to_bus=other.pk)
    before = Rule.objects.get().bus.name
    done = act(ann, "rule", "move", sales, to_bus=other.pk, confirmed="yes")

    assert (asked.status_code, before, done.status_code) == (200, "default", 302)
    assert "1 waiting delivery becomes a dead letter" in shown.content.decode()
    moved = Rule.objects.get()
    assert (moved.bus, moved.enabled, list(moved.targets.all())) == (other, True, [till])
    reasons = set(AuditEntry.objects.filter(kind="rule", reason__gt="").values_list("reason", flat=True))
    assert reasons == {"moved from bus default to bus other"}


def test_a_rule_that_cannot_be_there_stays_and_says_why(journal: SqliteJournal, ann: Client) -> None:
    there = Bus.objects.create(name="there")
    feeds = Target.objects.create(name="feeds", kind="bus", bus=there)
    loops, taken = rule_of("default", "loops", feeds), rule_of("default", "taken")
    timed = rule_of("default", "timed", pattern="", schedule_expression="rate(5 minutes)")
    rule_of("there", "taken")

    page = act(ann, "rule", "move", loops, taken, timed, to_bus=there.pk)
    act(ann, "rule", "move", loops, taken, timed, to_bus=there.pk, confirmed="yes")

    why = {one.rule.name: one.refusal for one in page.context["moving"]}
    assert "would be a loop" in why["loops"]
    assert why["taken"] == "the bus already has a rule of this name"
    assert "wanted a rule of bus default" in why["timed"]
    assert set(Rule.objects.filter(bus__name="default")) == {loops, taken, timed}


def test_an_editor_of_one_bus_copies_and_moves_within_their_own(journal: SqliteJournal) -> None:
    mine, theirs = rule_of("ours", "mine"), rule_of("theirs", "other")
    eve = person("eve", Role.EDITOR, mine.bus)
    browser = browser_of(eve)

    act(browser, "rule", "duplicate", mine, theirs)
    page = act(browser, "rule", "move", mine, theirs)
    act(browser, "rule", "move", mine, to_bus=theirs.bus.pk, confirmed="yes")

    assert set(Rule.objects.values_list("bus__name", "name")) == {
        ("ours", "mine"),
        ("ours", "mine-copy"),
        ("theirs", "other"),
    }
    assert [one.rule for one in page.context["moving"]] == [mine]
    assert list(page.context["form"].fields["to_bus"].queryset) == [mine.bus]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["rule", "target", "bus"])
def test_a_viewer_is_offered_exporting_and_nothing_else(kind: str) -> None:
    rule = rule_of("ours", "mine", webhook())
    viewer = browser_of(person("vic", Role.VIEWER, rule.bus))

    page = viewer.get(f"/admin/eventhub/{kind}/").context

    offered = [name for name, _words in page["action_form"].fields["action"].choices if name]
    assert offered == ["export"]


@pytest.mark.django_db
def test_exported_rules_bring_their_buses_and_targets_and_no_secret(ann: Client) -> None:
    till = webhook(config={"headers": {"X-Shop": "1"}})
    till.change_secrets({"signing": []})
    till.save()
    sales, _left = rule_of("shop", "sales", till), rule_of("shop", "left")

    answer = act(ann, "rule", "export", sales)

    said = yaml.safe_load(answer.content)
    assert answer["Content-Disposition"] == 'attachment; filename="eventhub-rules.yaml"'
    assert {section: [row["name"] for row in rows] for section, rows in said.items()} == {
        "buses": ["shop"],
        "targets": ["till"],
        "rules": ["sales"],
    }
    assert said["rules"][0]["targets"] == [{"name": "till"}]


def test_chosen_targets_are_tested_all_at_once(journal: SqliteJournal, ann: Client) -> None:
    with Receiver() as receiver:
        good = webhook("good", receiver.url())
        gone = webhook("gone", "http://127.0.0.1:9/in", connect_timeout_seconds=1)

        page = act(ann, "target", "test", good, gone)

    took = {one.target.name: one.took_it for one in page.context["tested"]}
    assert took == {"good": True, "gone": False}
    assert "✓ took it" in page.content.decode()


@pytest.mark.django_db
def test_a_copy_of_a_target_delivers_to_the_same_place_for_no_rule(ann: Client) -> None:
    till = webhook(rate_per_second=3.0)
    rotate_signing(till, algorithm=Algorithm.V1, overlap_seconds=0)
    rule_of("default", "sales", till)

    act(ann, "target", "duplicate", till)

    till.refresh_from_db()
    copy = Target.objects.get(name="till-copy")
    assert (copy.url, copy.rate_per_second, copy.secrets()) == (till.url, 3.0, till.secrets())
    assert copy.secrets()
    assert not copy.links.exists()


@pytest.mark.django_db
def test_a_target_that_would_be_refused_today_is_not_copied(ann: Client) -> None:
    inside = webhook("inside", "ftp://till.example/in")

    page = ann.post(
        "/admin/eventhub/target/", {"action": "duplicate", "_selected_action": [inside.pk]}, follow=True
    )

    assert "nside was not copied" in page.content.decode()
    assert Target.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"state": "disabled"}, ["off"]),
        ({"kind": "none"}, ["off", "timed"]),
        ({"kind": "webhook"}, ["sales"]),
        ({"schedule": "yes"}, ["timed"]),
        ({"q": "till"}, ["sales"]),
        ({"q": "nothing of the kind"}, []),
    ],
)
def test_rules_are_found_by_what_people_look_for(
    ann: Client, asked: dict[str, str], names: list[str]
) -> None:
    rule_of("default", "sales", webhook())
    rule_of("default", "off", enabled=False)
    rule_of("default", "timed", pattern="", schedule_expression="rate(5 minutes)")

    listed = ann.get("/admin/eventhub/rule/", asked).context["cl"].result_list

    assert sorted(rule.name for rule in listed) == names


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"state": "paused"}, ["waits"]),
        ({"state": "disabled"}, ["off"]),
        ({"state": "delivering"}, ["feeds", "till"]),
        ({"state": "open"}, []),
        ({"used": "yes"}, ["till"]),
        ({"kind": "bus"}, ["feeds"]),
    ],
)
def test_targets_are_found_by_what_people_look_for(
    ann: Client, asked: dict[str, str], names: list[str]
) -> None:
    rule_of("default", "sales", webhook())
    webhook("waits", paused=True)
    webhook("off", enabled=False)
    Target.objects.create(name="feeds", kind="bus", bus=Bus.objects.create(name="other"))

    listed = ann.get("/admin/eventhub/target/", asked).context["cl"].result_list

    assert [target.name for target in listed] == names


@pytest.mark.django_db
def test_a_list_asks_no_more_for_more_rows(ann: Client, django_assert_max_num_queries: Any) -> None:
    till = webhook()
    for number in range(30):
        rule_of("default", f"rule-{number}", till)

    with django_assert_max_num_queries(14):
        ann.get("/admin/eventhub/rule/")
