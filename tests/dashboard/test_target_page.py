"""The page of a target: each state, what it did, what failed, what waits, and what may be done by whom."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from django.test import Client

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.limits import CircuitState
from eventhub.journal.port import Circuit, Limits, OutcomeState
from eventhub.journal.rows import AttemptRow, RedriveRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import AuditEntry, Bus, Role, Rule, RuleTarget, Target
from tests import receiver as answers
from tests.dashboard.test_event_page import route_in_order
from tests.dashboard.test_pages import signed_in, text_of
from tests.journal.build import now_us
from tests.live.world import World
from tests.people import browser_of, person
from tests.receiver import Receiver


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    """Make a world with the target mail."""
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def plain(text: str) -> str:
    """Return what a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", text, flags=re.DOTALL)).split())


def page_of(world: World, client: Client | None = None, query: str = "") -> str:
    return text_of(client or signed_in(), f"/targets/{world.mail.pk}{query}")


def part(text: str, name: str) -> str:
    """Return one of the page's parts, in words."""
    return plain(text.split(f'data-live="{name}"')[1].split("data-live=", maxsplit=1)[0])


def made(world: World, state: OutcomeState, count: int = 1, **attempt: object) -> None:
    """Let deliveries to mail end like this."""
    world.accept(count, detail_type="order.paid")
    world.route((world.paid, world.mail))
    world.settle(world.claim(), state, **attempt)
    world.journal.roll_up()


def open_circuit(world: World) -> None:
    """Let mail fail until its circuit is open."""
    Target.objects.filter(pk=world.mail.pk).update(circuit_failures=3)
    world.accept(4)
    world.route((world.paid, world.mail))
    limits = {world.mail.pk: Limits(circuit=Circuit(3, 0, 600))}
    claimed = world.journal.claim(
        "test", now=now_us(), lease_seconds=60, limit=3, limits=limits, in_flight={}, waiting=()
    )
    world.settle(claimed, OutcomeState.PENDING)
    world.journal.roll_up()


def test_a_target_that_takes_everything(world: World) -> None:
    made(world, OutcomeState.DELIVERED, 4, ms=20)

    text = page_of(world)

    assert "✓ delivering Deliveries go on." in part(text, "strip")
    assert "4 in the last hour Success 100 % 0 failed" in part(text, "vitals")
    assert "Under way 0 / 32" in part(text, "vitals")
    assert "Backlog 0 nothing waits" in part(text, "vitals")
    assert "No attempt failed in the last 24 hours" in part(text, "errors")
    assert "No dead letter of this target waits" in part(text, "letters")
    assert "token=•••" in text
    assert "s3cret" not in text


def test_an_open_circuit_says_since_when_why_and_until_when(world: World) -> None:
    open_circuit(world)

    strip = part(page_of(world), "strip")

    assert "▲ open It stopped taking deliveries after 3 failures in a row." in strip
    assert re.search(r"Since \d{4}-\d\d-\d\d \d\d:.*; next probe \d\d:", strip)
    assert "Probe now" in strip
    assert "Backlog 4" in part(page_of(world), "vitals")


def test_a_probe_under_way_is_told(world: World) -> None:
    open_circuit(world)
    state = world.journal.target_states()[world.mail.pk]
    assert state.next_probe_at is not None
    limits = {world.mail.pk: Limits(circuit=Circuit(3, 0, 600))}
    world.journal.claim(
        "test", now=state.next_probe_at, lease_seconds=6e4, limit=1, limits=limits, in_flight={}, waiting=()
    )

    assert "◐ half-open One delivery is under way to see whether it is back" in part(page_of(world), "strip")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"paused": True}, "❚❚ paused Its deliveries wait until it is resumed. None is lost. Resume"),
        (
            {"enabled": False, "disabled_reason": "receiver answered 410 Gone"},
            "❚❚ disabled Its deliveries wait: it was disabled because receiver answered 410 Gone.",
        ),
    ],
)
def test_a_target_that_was_stopped_says_so(world: World, columns: dict[str, object], said: str) -> None:
    Target.objects.filter(pk=world.mail.pk).update(**columns)
    world.accept(2)
    world.route((world.paid, world.mail))

    text = page_of(world)

    assert said in part(text, "strip")
    assert "not before it is" in part(text, "vitals")


def test_what_waits_is_estimated_by_what_comes_and_goes(world: World) -> None:
    world.accept(30)
    world.route((world.paid, world.mail))

    world.journal.roll_up()
    vitals = part(page_of(world), "vitals")

    assert "Backlog 30 oldest" in vitals
    assert re.search(r"none came or went in the last minute|▲ grows", vitals)


def test_failures_are_ranked_by_class_with_an_example(world: World) -> None:
    made(world, OutcomeState.DEAD, 2)
    made(world, OutcomeState.DEAD, 1, error="receiver answered 503 once more")

    errors = part(page_of(world), "errors")

    assert re.search(r"5xx receiver's error 3 .*receiver answered 503 once more", errors)


def test_attempts_are_narrowed_by_time_duration_and_class(world: World) -> None:
    made(world, OutcomeState.DELIVERED, 2, ms=20)
    made(world, OutcomeState.DEAD, 1, ms=700)
    client = signed_in()
    minute = int(now_us() / 1_000_000) // 60 * 60

    def listed(query: str) -> int:
        return page_of(world, client, query).count("#attempt-")

    assert listed("") == 3
    assert listed("?error=failed") == listed("?error=5xx") == 1
    assert listed("?error=timeout") == 0
    assert listed("?over=500&under=900") == 1
    assert listed("?under=51.6988") == 2
    assert listed(f"?since={minute - 120}&until={minute + 120}") == 3
    assert listed(f"?since={minute - 3600}&until={minute - 3540}") == 0
    assert listed("?over=x&since=-1&error=nonsense") == 3


def test_attempts_of_what_waits_are_found_behind_many_that_were_never_tried(world: World) -> None:
    [event] = world.accept()
    world.route((world.paid, world.mail))
    world.settle(world.claim(), OutcomeState.PENDING)
    world.accept(700)
    world.route((world.paid, world.mail))

    assert str(event) in page_of(world)


def test_every_count_of_the_histogram_leads_to_as_many_attempts(world: World) -> None:
    for ms in (0.4, 3, 3, 40, 40, 40, 90):
        made(world, OutcomeState.DELIVERED, ms=ms)
    client = signed_in()
    text = page_of(world, client)

    rows = re.findall(
        r'<a href="/targets/\d+\?(over=[^"#]+)#attempts"[^>]*>[^<]+</a></td><td class="number">(\d+)', text
    )

    assert [int(count) for _query, count in rows] == [1, 3, 2, 1]
    for query, count in rows:
        narrowed = page_of(world, client, "?" + query.replace("&amp;", "&"))
        assert narrowed.count("#attempt-") == int(count), query


def test_blocked_keys_lead_to_their_heads(world: World) -> None:
    [head] = world.accept()
    route_in_order(world)
    world.settle(world.claim(), OutcomeState.PENDING)

    blocked = page_of(world).split("Blocked keys")[1]

    assert f'href="/events/{head}#delivery-' in blocked


def test_the_rules_that_use_it_are_listed_with_their_attempts(world: World) -> None:
    made(world, OutcomeState.DELIVERED, 2)

    rules = plain(page_of(world).split("Rules that use it")[1].split("Latest attempts")[0])

    assert "all default 0 0 paid default 2 0" in rules


def test_dead_letters_are_redriven_from_the_page_and_lead_back_to_it(world: World) -> None:
    made(world, OutcomeState.DEAD, 3)
    client = signed_in()
    letters = page_of(world, client).split('data-live="letters"')[1]
    query = re.search(r'/dead-letters/redrive\?(rule[^"]+|target=mail&amp;bus[^"]+)"', letters)
    assert query is not None

    dry = text_of(client, f"/dead-letters/redrive?{query[1].replace('&amp;', '&')}")
    assert "Redrive 3 dead letters" in dry
    assert "Go again 3 Oldest" in plain(dry)
    given = {"target": "mail", "rate_per_second": "5", "back": f"/targets/{world.mail.pk}"}
    response = client.post("/dead-letters/redrive", given, follow=True)

    assert response.redirect_chain[-1][0] == f"/targets/{world.mail.pk}"
    redrives = part(response.content.decode(), "redrives")
    assert "0 of 3 on their way again" in redrives
    assert "Pause" in redrives
    steered = client.post(
        f"/dead-letters/redrives/{RedriveRow.objects.get().id}/pause", {"back": given["back"]}, follow=True
    )
    assert "❚❚ paused" in part(steered.content.decode(), "redrives")


def test_a_dry_run_tells_what_cannot_go_again(world: World) -> None:
    made(world, OutcomeState.DEAD, 2)
    Rule.objects.filter(pk=world.paid.pk).delete()

    dry = plain(text_of(signed_in(), "/dead-letters/redrive?target=mail"))

    assert "Go again 0" in dry
    assert "⌫ 2 whose rule was deleted" in dry


def test_nobody_is_led_elsewhere_after_a_redrive(world: World) -> None:
    made(world, OutcomeState.DEAD)

    for back in ("//evil.example/targets/1", "/targets/1/../../admin/", "https://evil.example/"):
        given = {"target": "nobody", "rate_per_second": "5", "back": back}
        response = signed_in().post("/dead-letters/redrive", given)
        assert response.headers["Location"] == "/dead-letters"


def test_it_is_held_resumed_disabled_and_enabled(world: World) -> None:
    client = signed_in()

    for action, columns in [
        ("pause", (True, True)),
        ("resume", (True, False)),
        ("disable", (False, False)),
        ("enable", (True, False)),
    ]:
        response = client.post(f"/targets/{world.mail.pk}/{action}", follow=True)
        world.mail.refresh_from_db()
        assert (world.mail.enabled, world.mail.paused) == columns
        assert f"{world.mail.name} is" in response.content.decode()
    assert client.post(f"/targets/{world.mail.pk}/explode").status_code == 404
    assert client.get(f"/targets/{world.mail.pk}/pause").status_code == 405


def test_a_probe_goes_at_once_when_it_is_asked_for(world: World) -> None:
    open_circuit(world)
    client = signed_in()

    response = client.post(f"/targets/{world.mail.pk}/probe", follow=True)

    assert "goes as a probe at once" in response.content.decode()
    state = world.journal.target_states()[world.mail.pk]
    assert state.next_probe_at is not None
    assert state.next_probe_at <= now_us()
    assert "a probe goes with the next delivery that is due" in part(response.content.decode(), "strip")
    assert AuditEntry.objects.filter(kind="target", action="probed", name="mail").exists()


def test_a_closed_circuit_is_not_probed(world: World) -> None:
    response = signed_in().post(f"/targets/{world.mail.pk}/probe", follow=True)

    assert "nothing to probe" in response.content.decode()
    assert not AuditEntry.objects.filter(action="probed").exists()


def test_a_test_shows_its_result_in_place_and_records_nothing(world: World) -> None:
    client = signed_in()
    with Receiver() as receiver:
        Target.objects.filter(pk=world.mail.pk).update(url=receiver.url())
        taken = client.post(f"/targets/{world.mail.pk}/test").content.decode()
        receiver.answer("/", answers.status(503))
        refused = client.post(f"/targets/{world.mail.pk}/test").content.decode()

    assert "Test: the target took it, status 200" in plain(taken)
    assert "receiver answered 503" in plain(refused)
    assert not AttemptRow.objects.exists()


def test_limits_are_changed_and_judged_as_elsewhere(world: World) -> None:
    client = signed_in()
    given = {
        "max_in_flight": "5",
        "rate_per_second": "2.5",
        "circuit_failures": "7",
        "circuit_ratio": "0",
        "circuit_wait_seconds": "30",
    }

    response = client.post(f"/targets/{world.mail.pk}/limits", given, follow=True)
    assert "Changed: at once, a second, failures in a row." in response.content.decode()
    wrong = client.post(f"/targets/{world.mail.pk}/limits", {**given, "max_in_flight": "5000"})

    world.mail.refresh_from_db()
    assert (world.mail.max_in_flight, world.mail.rate_per_second, world.mail.circuit_failures) == (5, 2.5, 7)
    assert wrong.status_code == 400
    assert "wanted 1 to 1000, found 5000" in wrong.content.decode()
    assert AuditEntry.objects.filter(kind="target", action="changed", name="mail").count() == 1


def test_who_reads_changes_nothing(world: World) -> None:
    open_circuit(world)
    client = signed_in(staff=False)

    text = page_of(world, client)

    assert "Probe now" not in text
    assert "<form" not in text.split('id="target"')[1]
    assert "An editor of every bus changes these." in text
    for action in ("pause", "probe", "test", "limits"):
        assert client.post(f"/targets/{world.mail.pk}/{action}").status_code == 403
    assert world.journal.target_states()[world.mail.pk].circuit is CircuitState.OPEN


def test_who_sees_one_bus_sees_its_attempts_alone(world: World) -> None:
    elsewhere = Rule.objects.create(bus=world.other, name="else", pattern="{}")
    RuleTarget.objects.create(rule=elsewhere, target=world.mail)
    made(world, OutcomeState.DELIVERED, 2, ms=20)
    world.accept(5, bus_id=world.other.pk, bus="other", detail_type="secret.thing")
    world.route((elsewhere, world.mail), bus=world.other)
    world.settle(world.claim(), OutcomeState.DEAD, error="receiver answered 503 to the others", ms=900)
    world.journal.roll_up()
    client = browser_of(person("one", Role.VIEWER, Bus.objects.get(name="default")))

    text = page_of(world, client)

    assert "2 in the last hour Success 100 %" in part(text, "vitals")
    assert "p99" not in part(text, "vitals")
    assert "2 attempts in the last 60 minutes" in part(text, "heat")
    for told in ("secret.thing", "to the others", "else", "900 ms", "Under way"):
        assert told not in text.split('id="target"')[1], told
    assert text.count("#attempt-") == 2
    every = page_of(world)
    assert "7 in the last hour" in part(every, "vitals")
    assert "7 attempts in the last 60 minutes" in part(every, "heat")


def test_errors_are_masked_where_fields_of_events_are(world: World) -> None:
    Bus.objects.filter(name="default").update(sensitive=["detail.card"])
    made(world, OutcomeState.DEAD, error="receiver answered 503: no 4111-1111")

    assert "4111-1111" not in page_of(world, signed_in(staff=False))
    assert "4111-1111" in page_of(world)


def test_a_target_that_is_not_theirs_is_refused_and_one_that_is_none_not_found(world: World) -> None:
    client = browser_of(person("one", Role.VIEWER, world.other))

    for path in ("", "/now", "/lately"):
        assert client.get(f"/targets/{world.mail.pk}{path}").status_code == 403
        assert client.get(f"/targets/{world.mail.pk + 1000}{path}").status_code == 404


def test_its_parts_are_rendered_alone(world: World) -> None:
    made(world, OutcomeState.DELIVERED, ms=20)
    client = signed_in()

    now, lately = (text_of(client, f"/targets/{world.mail.pk}/{path}") for path in ("now", "lately"))

    assert "<html" not in now + lately
    assert re.findall(r'data-live="([a-z-]+)"', now) == ["strip", "vitals", "redrives", "as-of"]
    assert re.findall(r'data-live="([a-z-]+)"', lately) == [
        "heat",
        "errors",
        "letters",
        "blocked",
        "attempts",
    ]
