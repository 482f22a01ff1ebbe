"""The page of a rule: what a draft would do, saving it, and going back; each reader finds what is theirs."""

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client

from eventhub.flow import process
from eventhub.flow.editing import tag_of
from eventhub.flow.process import Parts
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Role, Rule, RuleTarget
from tests.live.world import PATTERN, World
from tests.people import browser_of, person

CRM = '{"source": ["crm"]}'


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    for rule in Rule.objects.all():
        rule.record_version(by="test")
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


@pytest.fixture
def editor() -> Client:
    return browser_of(person("ed", Role.EDITOR))


def typed(rule: Rule, **changed: str) -> dict[str, str]:
    """Return what the form of a rule posts."""
    rule.refresh_from_db()
    links = rule.links.select_related("target").order_by("pk")
    targets = {f"target-{number}": link.target.name for number, link in enumerate(links)}
    return {
        "name": rule.name,
        "pattern": rule.pattern,
        "description": rule.description,
        "schedule_expression": rule.schedule_expression,
        "state": "enabled",
        "tag": tag_of(rule),
        **targets,
        **changed,
    }


def words(content: bytes) -> str:
    """Return a page as one reads it."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content.decode())).split())


def tried(client: Client, rule: Rule, **changed: str) -> str:
    response = client.post(f"/rules/{rule.pk}/try", typed(rule, **changed))
    assert response.status_code == 200
    return words(response.content)


def test_the_page_shows_the_rule_as_it_is(world: World, editor: Client) -> None:
    world.accept()
    world.route((world.all, world.mail))

    text = words(editor.get(f"/rules/{world.all.pk}").content)

    assert 'all ● enabled Matched events Disable Delete… Events from "shop".' in text
    assert "mail ✓ delivering" in text
    assert "v1" in text
    assert "● in force · first version" in text


def test_a_draft_is_held_against_stored_events(world: World, editor: Client) -> None:
    world.accept(3)
    world.accept(2, source="crm")
    world.accept(source="bank")

    said = tried(editor, world.paid, pattern='{"source": ["shop", "crm"], "detail-type": [{"exists": true}]}')

    assert "scanned 6 of 6" in said
    assert "would match 5 83 %" in said
    assert "now matches 3 added +2 removed −0" in said
    assert 'source "shop" or "crm" 5' in said
    assert "detail-type any value 6" in said
    assert "+ Added 2 − Removed 0 = Still 3 ≈ Nearest misses 1" in said
    assert 'source is "bank", wanted "shop" or "crm"' in said


def test_the_draft_is_told_apart_from_what_is_saved(world: World, editor: Client) -> None:
    said = tried(editor, world.paid, pattern=CRM, description="CRM", **{"target-1": "books"})

    changes = said.partition("What saving changes")[2]
    assert 'pattern.source − "shop"' in changes
    assert '+ "crm"' in changes
    assert 'targets[books] + {"name": "books"}' in changes
    assert 'description − "" + "CRM"' in changes
    assert "Nothing differs from what is saved." in tried(editor, world.paid)


def test_what_is_wrong_with_a_pattern_is_placed(world: World, editor: Client) -> None:
    response = editor.post(
        f"/rules/{world.paid.pk}/try", typed(world.paid, pattern='{\n  "source": [{"prefx": "a"}]\n}')
    )

    text = response.content.decode()
    assert 'data-line="2" data-column="15"' in text
    assert "needs one of prefix, suffix" in text


def test_targets_would_get_what_the_draft_adds_and_nothing_in_shadow(world: World, editor: Client) -> None:
    world.accept(6)

    more = tried(editor, world.paid, **{"target-1": "books"})
    shadow = tried(editor, world.paid, state="shadow")

    assert re.search(r"mail 0\.0/min → 0\.0/min", more)
    assert re.search(r"books 0\.0/min → [1-9]\d*\.\d/min", more)
    assert "shadow − false + true" in shadow


def test_checking_works_without_javascript(world: World, editor: Client) -> None:
    world.accept(2, source="crm")

    response = editor.post(f"/rules/{world.paid.pk}", typed(world.paid, pattern=CRM, do="check"))

    text = words(response.content)
    assert response.status_code == 200
    assert "would match 2 100 %" in text
    assert Rule.objects.get(pk=world.paid.pk).pattern == PATTERN


def test_saving_makes_a_version_that_says_who(world: World, editor: Client) -> None:
    response = editor.post(
        f"/rules/{world.paid.pk}",
        typed(world.paid, pattern=CRM, state="shadow", reason="try it", do="save"),
        follow=True,
    )

    text = words(response.content)
    version = world.paid.versions.get(number=2)
    assert (version.pattern, version.shadow, version.made_by) == (CRM, True, "user:ed")
    assert "Saved as version 2." in text
    assert "◇ shadow" in text


def test_targets_are_added_transformed_and_taken_out(world: World, editor: Client) -> None:
    transform = '{"InputPath": "$.detail"}'
    changed = {"target-0": "", "target-1": "books", "target-2": "mail", "transform-2": transform}
    changed["warned"] = "duplicate:all"  # two rules of this world pick the same

    editor.post(f"/rules/{world.paid.pk}", typed(world.paid, do="save", **changed))

    links = RuleTarget.objects.filter(rule=world.paid).values_list("target__name", "transform")
    assert dict(links) == {"books": None, "mail": json.loads(transform)}


def test_what_is_refused_stays_typed_with_the_reason_beside_it(world: World, editor: Client) -> None:
    changed = typed(world.paid, name="two words", pattern="{", do="save", **{"transform-0": '{"Input'})

    response = editor.post(f"/rules/{world.paid.pk}", changed)

    text = words(response.content)
    assert response.status_code == 400
    assert "wanted 1 to 64 letters" in text
    assert "the transform is not JSON" in text
    assert 'value="two words"' in response.content.decode()
    assert world.paid.versions.count() == 1


def test_nobody_saves_over_what_another_one_saved_meanwhile(world: World, editor: Client) -> None:
    mine = typed(world.paid, pattern=CRM, do="save")
    browser_of(person("ben", Role.EDITOR)).post(
        f"/rules/{world.paid.pk}", typed(world.paid, pattern='{"source": ["bank"]}', do="save")
    )

    refused = editor.post(f"/rules/{world.paid.pk}", mine)
    text, page = words(refused.content), refused.content.decode()

    assert refused.status_code == 409
    assert "user:ben made version 2" in text
    assert '− "shop"' in text
    assert "&quot;crm&quot;" in page  # what was typed is still there
    tag = re.search(r'name="tag" value="(.*?)"', page)
    assert tag is not None
    assert editor.post(f"/rules/{world.paid.pk}", mine | {"tag": tag[1]}).status_code == 302
    assert [one.made_by for one in world.paid.versions.order_by("number")] == ["test", "user:ben", "user:ed"]


def test_a_rule_goes_back_to_a_version_by_one_press(world: World, editor: Client) -> None:
    editor.post(f"/rules/{world.paid.pk}", typed(world.paid, pattern=CRM, do="save"))

    response = editor.post(f"/rules/{world.paid.pk}/rollback", {"number": "1"}, follow=True)

    assert Rule.objects.get(pk=world.paid.pk).pattern == PATTERN
    assert "The rule is what it was in version 1, as version 3." in words(response.content)
    again = editor.post(f"/rules/{world.paid.pk}/rollback", {"number": "99"}, follow=True)
    assert "Not rolled back: rule paid has no version 99." in words(again.content)


def test_all_versions_are_listed_with_what_each_changed(world: World, editor: Client) -> None:
    for number in range(7):
        Rule.objects.filter(pk=world.paid.pk).update(pattern=f'{{"source": ["s{number}"]}}')
        Rule.objects.get(pk=world.paid.pk).record_version(by="test")

    assert "All versions" in editor.get(f"/rules/{world.paid.pk}").content.decode()
    text = words(editor.get(f"/rules/{world.paid.pk}/versions").content)
    older = words(editor.get(f"/rules/{world.paid.pk}/versions?before=3").content)

    assert '− "s5" + "s6"' in text
    assert "Roll back to v1" in text
    assert "v2 " in older
    assert "v3 " not in older


def test_a_transform_is_previewed_on_the_last_match_or_a_picked_event(world: World, editor: Client) -> None:
    [first, last] = [world.accept(detail=b'{"n": %d}' % number)[0] for number in (1, 2)]
    world.route((world.paid, world.mail))
    asked = typed(world.paid, do="preview-0", **{"transform-0": '{"InputPath": "$.detail"}'})
    address = f"/rules/{world.paid.pk}/try"

    newest = words(editor.post(address, asked).content)
    picked = words(editor.post(address, asked | {"preview_event": str(first)}).content)
    wrong = words(editor.post(address, asked | {"preview_event": "nonsense"}).content)
    whole = editor.post(f"/rules/{world.paid.pk}", asked)

    assert newest.endswith('After {"n": 2}')
    assert picked.endswith('After {"n": 1}')
    assert "wanted the id of an event, found 'nonsense'" in wrong
    assert f"/events/{last}" in whole.content.decode()


def test_a_viewer_sees_everything_and_changes_nothing(world: World) -> None:
    world.accept(2)
    viewer = browser_of(person("vera", Role.VIEWER))

    page = viewer.get(f"/rules/{world.paid.pk}").content.decode()

    assert "Save as a new version" not in page
    assert "Roll back" not in page
    assert '<textarea id="pattern" name="pattern"' in page
    assert "readonly" in page
    assert "would match 2" in tried(viewer, world.paid)
    assert viewer.post(f"/rules/{world.paid.pk}", typed(world.paid, do="save")).status_code == 403
    assert viewer.post(f"/rules/{world.paid.pk}/rollback", {"number": "1"}).status_code == 403


def test_an_editor_of_one_bus_edits_that_bus_only(world: World) -> None:
    theirs = Rule.objects.create(bus=world.other, name="theirs", pattern=CRM)
    theirs.record_version(by="test")
    one_bus = browser_of(person("ona", Role.EDITOR, world.default))
    both = person("bea", Role.EDITOR, world.default)
    person("bea", Role.VIEWER, world.other)

    assert one_bus.get(f"/rules/{theirs.pk}").status_code == 404
    assert one_bus.post(f"/rules/{world.paid.pk}", typed(world.paid, do="save")).status_code == 302
    assert browser_of(both).get(f"/rules/{theirs.pk}").status_code == 200
    assert browser_of(both).post(f"/rules/{theirs.pk}", typed(theirs, do="save")).status_code == 403


def test_what_is_masked_is_not_asked_about(world: World) -> None:
    world.default.sensitive = ["detail.card"]
    world.default.save()
    world.accept(detail=b'{"card": "4111"}')
    pattern = '{"detail": {"card": [{"prefix": "4"}]}}'

    hidden = tried(browser_of(person("vera", Role.VIEWER)), world.paid, pattern=pattern)
    shown = tried(browser_of(person("ada", Role.ADMINISTRATOR)), world.paid, pattern=pattern)

    assert "detail.card is masked for you" in hidden
    assert "would match" not in hidden
    assert "would match 1" in shown


@pytest.mark.parametrize("window", ["1h", "24h", "nonsense"])
def test_a_window_without_events_says_so(world: World, editor: Client, window: str) -> None:
    assert "There is no event on bus default" in tried(editor, world.paid, window=window)


def test_a_schedule_shows_its_next_runs(world: World, editor: Client) -> None:
    editor.post(
        f"/rules/{world.paid.pk}", typed(world.paid, schedule_expression="cron(0 12 * * ? *)", do="save")
    )

    page = editor.get(f"/rules/{world.paid.pk}").content.decode()

    assert page.count("12:00:00.000</time></li>") == 10


@pytest.mark.parametrize("address", ["/rules/999999", "/rules/99999999999999999999"])
def test_a_rule_that_is_not_there_is_not_found(world: World, editor: Client, address: str) -> None:
    assert editor.get(address).status_code == 404
