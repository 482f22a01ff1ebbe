"""The page of one event: each delivery's whole history, and why it waits."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from eventhub.domain.arn import target_arn
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.port import (
    Attempt,
    Circuit,
    Limits,
    NewDelivery,
    OutcomeState,
    ReasonClass,
    RoutedBatch,
    Routing,
    RoutingState,
    RuleInForce,
    Selection,
    Settled,
)
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import Bus, RuleTarget, Target
from tests.dashboard.test_pages import signed_in, text_of
from tests.journal.build import now_us
from tests.live.world import World


@pytest.fixture
def world(journal: SqliteJournal) -> Iterator[World]:
    world = World(journal)
    process.install(Parts(journal, world.keeper))
    yield world
    process.uninstall()


def page(event_id: UUID, *, staff: bool = True) -> str:
    return text_of(signed_in(staff=staff), f"/events/{event_id}")


def routed(world: World) -> UUID:
    (event_id,) = world.accept()
    world.route((world.paid, world.mail))
    return event_id


def settle(world: World, state: OutcomeState, response: dict[str, Any] | None = None, **members: Any) -> None:
    """Settle what is due with one attempt that failed."""
    [claimed] = world.claim()
    now = now_us()
    attempt = Attempt(
        number=claimed.attempts + 1,
        started_at=now,
        ended_at=now + 30_000,
        status=503,
        error="receiver answered 503",
        reason_class=ReasonClass.RECEIVER,
        phases={"dns": 1.5, "connect": 2.5, "first_byte": 20.0},
        request={"method": "POST", "url": "http://mail.example.com/in", "headers": {"X-Key": "•••"}},
        response=response or {"status": 503, "reason": "Busy", "headers": {}},
    )
    given = {"reason_class": ReasonClass.RECEIVER, "reason": "receiver answered 503", **members}
    if state is OutcomeState.PENDING:
        given = {"reason": "receiver answered 503", "due_at": now + 3_600_000_000, **members}
    assert world.journal.settle([Settled(claimed, state, attempt, **given)]) == [True]


def test_an_attempt_shows_phases_fault_excerpts_and_the_next_try(world: World) -> None:
    event_id = routed(world)
    settle(world, OutcomeState.PENDING)

    text = page(event_id)

    for said in (
        "<dt>connect</dt><dd>2.5 ms</dd>",
        "the receiver's",
        "503 Busy",
        "<dt>X-Key</dt><dd>•••</dd>",
    ):
        assert said in text
    assert "It waits for its next attempt at" in text
    assert "next attempt at <time" in text


def test_a_key_that_came_again_is_told(world: World) -> None:
    (event_id,) = world.accept(key="order-17")
    before = page(event_id)
    world.accept(2, key="order-17")

    assert '<code>order-17</code> <span class="muted">idempotent, first seen' in before
    assert "seen 3 times, kept once; last again <time" in page(event_id)


def test_an_answer_that_was_cut_says_so(world: World) -> None:
    event_id = routed(world)
    answer = {"status": 503, "reason": "", "headers": {}, "body": "x" * 100, "cut": True}
    settle(world, OutcomeState.PENDING, response=answer)

    assert "✂ cut at 64 KiB" in page(event_id)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"paused": True}, "It waits because mail is paused."),
        ({"enabled": False}, "It waits because mail is disabled."),
        (
            {"enabled": False, "disabled_reason": "the receiver answered 410 Gone"},
            "mail is disabled: the receiver answered 410 Gone.",
        ),
        ({"rate_per_second": 0.5}, "It waits for its turn: mail takes 0.5 a second."),
        ({}, "It is due or under way."),
    ],
)
def test_a_delivery_says_why_it_waits(world: World, changes: dict[str, Any], said: str) -> None:
    event_id = routed(world)
    Target.objects.filter(pk=world.mail.pk).update(**changes)

    assert said in page(event_id)


def test_a_delivery_waits_for_an_open_circuit(world: World) -> None:
    world.accept()
    world.route((world.paid, world.mail))
    limits = {world.mail.pk: Limits(10, circuit=Circuit(1, 0, 600))}
    [first] = world.journal.claim(
        "test", now=now_us(), lease_seconds=60, limit=1, limits=limits, in_flight={}, waiting=()
    )
    world.settle([first], OutcomeState.DEAD)
    event_id = routed(world)

    text = page(event_id)

    assert "It waits because the circuit of mail is open; the next probe is at <time" in text
    assert "▲ circuit open" in text


def test_a_delivery_waits_for_a_full_lane(world: World) -> None:
    Target.objects.filter(pk=world.mail.pk).update(max_in_flight=1)
    routed(world)
    world.claim()
    event_id = routed(world)

    assert "It waits for one of 1 places at mail: all are taken." in page(event_id)


def test_a_blocked_delivery_leads_to_the_head_of_its_key(world: World) -> None:
    (head,) = world.accept()
    route_in_order(world)
    settle(world, OutcomeState.PENDING)
    (behind,) = world.accept()
    route_in_order(world)

    text = page(behind)

    assert "It is blocked: an earlier delivery of its key goes first: key <code>A-17</code>" in text
    assert f'href="/events/{head}#delivery-' in text
    assert "<dt>blocked keys</dt><dd>1: <code>A-17</code>" in text


def route_in_order(world: World) -> None:
    """Route what waits to mail, under one key."""
    bus_id = world.default.pk
    cursor = world.journal.cursor(bus_id, holder="test", lease_seconds=60)
    assert cursor is not None
    [stored] = world.journal.read(bus_id, cursor, 10)
    made = NewDelivery(world.paid.pk, "paid", 1, world.mail.pk, "mail", fifo_key="A-17")
    routing = Routing(stored, RoutingState.MATCHED, now_us(), matched=1, deliveries=[made])
    ruleset = world.journal.ruleset(bus_id, [])
    assert world.journal.route(RoutedBatch(bus_id, cursor, stored.position, ruleset, [routing]))


def test_a_redriven_delivery_keeps_its_history(world: World) -> None:
    event_id = routed(world)
    settle(world, OutcomeState.DEAD)
    redrive = world.journal.start_redrive(Selection(), per_second=100, now=now_us(), who="user:ada")
    assert f"/dead-letters/redrive?event={event_id}&amp;id=1" in page(event_id)
    world.journal.redrive(redrive.id, limit=10, now=now_us(), refusal=lambda _letter: "")
    settle(world, OutcomeState.DEAD)

    text = page(event_id)

    places = [text.index(said) for said in ('"mono">#1', "✕ given up", "↻ redriven", '"mono">#2')]
    assert places == sorted(places)
    assert text.count("✕ given up") == 2
    assert text.count("Redrive…") == 1
    assert "Redrive…" not in page(event_id, staff=False)


def test_the_dead_letter_targets_delivery_is_linked(world: World) -> None:
    event_id = routed(world)
    arn = target_arn("mail", region="us-east-1", account="000000000000")
    attributes = {"TARGET_ARN": arn, "ERROR_CODE": "THROTTLING", "RULE_ARN": "arn:rule"}
    successor = NewDelivery(
        world.paid.pk, "paid", 1, world.books.pk, "books", reason="dead letter of target mail"
    )
    settle(world, OutcomeState.DEAD, successor=replace(successor, attributes=attributes))

    text = page(event_id)

    assert "⇥ delivered as a dead letter too" in text
    assert "A dead letter's own delivery" in text
    assert "<dt>ERROR_CODE</dt><dd>THROTTLING</dd>" in text


def test_payloads_are_shown_as_transforms_and_formats_make_them(world: World) -> None:
    RuleTarget.objects.filter(rule=world.paid).update(transform={"InputPath": "$.detail.order"})
    event_id = routed(world)

    text = page(event_id)

    assert "By the rule&#x27;s transform as it is now, application/json." in text
    assert ">1</pre>" in text
    Target.objects.filter(pk=world.mail.pk).update(payload_format="cloudevents-binary")
    RuleTarget.objects.filter(rule=world.paid).update(transform=None)
    assert "<dt>ce-type</dt><dd>order%20placed</dd>" in page(event_id)


def test_a_payload_that_cannot_be_made_says_why(world: World) -> None:
    template = {"InputPathsMap": {"x": "$.detail"}, "InputTemplate": '{"a": "<x>"}'}
    RuleTarget.objects.filter(rule=world.paid).update(transform={"InputTransformer": template})

    assert "✕ Nothing is sent: the result is not JSON" in page(routed(world))


def test_a_rule_that_was_too_complex_is_neither_matched_nor_missed(world: World) -> None:
    (event_id,) = world.accept()
    bus_id = world.default.pk
    cursor = world.journal.cursor(bus_id, holder="test", lease_seconds=60)
    assert cursor is not None
    [stored] = world.journal.read(bus_id, cursor, 10)
    reason = "matching took too many steps"
    made = NewDelivery(world.paid.pk, "paid", 1, None, "", OutcomeState.TOO_COMPLEX, reason)
    ruleset = world.journal.ruleset(bus_id, [RuleInForce(world.paid.pk, "paid", 1, enabled=True)])
    routing = Routing(stored, RoutingState.UNMATCHED, now_us(), matched=0, deliveries=[made])
    assert world.journal.route(RoutedBatch(bus_id, cursor, stored.position, ruleset, [routing]))

    text = page(event_id)

    assert "0 of 1 rule matched, 1 too complex" in text
    assert "No rule matched, but 1 was too complex to match" in text
    assert f'<span class="warn">too complex</span> · {reason}' in text
    assert "⊘ too complex: matching was given up" in text
    assert ">matched" not in text
    assert "did not match" not in text


def test_a_redrive_leads_back_to_the_event(world: World) -> None:
    event_id = routed(world)
    settle(world, OutcomeState.DEAD)
    client = signed_in()
    asked = text_of(client, f"/dead-letters/redrive?event={event_id}&id=1")

    answer = client.post(
        "/dead-letters/redrive", {"event": str(event_id), "id": "1", "rate_per_second": "10"}
    )
    elsewhere = client.post(
        "/dead-letters/redrive", {"event": "//evil.example", "id": "1", "rate_per_second": "10"}
    )

    assert f'name="event" value="{event_id}"' in asked
    assert f'href="/events/{event_id}">Not now' in asked
    assert answer.headers["Location"] == f"/events/{event_id}"
    assert elsewhere.headers["Location"] == "/dead-letters"


@pytest.mark.parametrize(
    ("state", "error", "said"),
    [
        (RoutingState.UNKNOWN_BUS, "", "There is no bus default: it was kept, and routed nowhere."),
        (RoutingState.UNROUTABLE, "KeyError: x", "Routing failed three times: KeyError: x"),
        (RoutingState.UNMATCHED, "", "There was no rule on the bus default"),
    ],
)
def test_an_event_that_went_nowhere_says_why(
    world: World, state: RoutingState, error: str, said: str
) -> None:
    (event_id,) = world.accept()
    world.route(state=state, error=error)

    assert said in page(event_id)


def test_an_event_on_a_paused_bus_says_that_it_waits(world: World) -> None:
    (event_id,) = world.accept()
    Bus.objects.filter(pk=world.default.pk).update(paused=True)

    text = page(event_id)

    assert "The bus default is paused, so nothing is matched." in text
    assert "data-in-flight" in text


def test_who_redrove_is_told(world: World) -> None:
    event_id = routed(world)
    settle(world, OutcomeState.DEAD)
    redrive = world.journal.start_redrive(Selection(ids=[1]), per_second=100, now=now_us(), who="user:ada")
    world.journal.redrive(redrive.id, limit=10, now=now_us(), refusal=lambda _letter: "")
    settle(world, OutcomeState.DEAD)

    text = page(event_id)

    assert "by ada" in text.partition("↻ redriven")[2].partition("</p>")[0]
    assert "Caused by: redrive by ada." in text


def test_what_is_masked_stays_so_in_every_part_of_the_page(world: World) -> None:
    Bus.objects.filter(pk=world.default.pk).update(sensitive=["detail.card"])
    (event_id,) = world.accept(detail=b'{"card": "4111", "amount": 1}')
    world.route((world.paid, world.mail))
    [claimed] = world.claim()
    world.settle(
        [claimed],
        OutcomeState.DEAD,
        error="receiver answered 422 card 4111",
        request={"method": "POST", "url": "http://x/4111", "body": '{"card": "4111"}'},
        response={"status": 422, "body": "no 4111"},
    )
    client = signed_in(staff=False)
    seq = claimed.delivery_id

    for address in ("?rules=now", "?show=delivered", f"/deliveries/{seq}", f"/deliveries/{seq}/1", "/rows"):
        assert "4111" not in text_of(client, f"/events/{event_id}{address}"), address
    assert "4111" in text_of(signed_in(), f"/events/{event_id}")


def test_dead_letters_are_counted_apart_from_what_is_pending(world: World) -> None:
    (event_id,) = world.accept()
    world.route((world.paid, world.mail), (world.all, world.mail), (world.all, world.books))
    first, second, third = sorted(world.claim(), key=lambda one: one.delivery_id)
    world.settle([first], OutcomeState.DEAD)
    world.settle([second], OutcomeState.DELIVERED)
    world.settle([third], OutcomeState.PENDING)

    assert "✕ dead 1/3" in page(event_id)
