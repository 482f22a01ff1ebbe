"""Flow control: pausing, rates, concurrency and circuits of targets; what waits is not burnt."""

import time

from eventhub.journal.port import CircuitState
from eventhub.models import Target
from tests import receiver as answers
from tests.flow.conftest import House
from tests.receiver import Receiver
from tests.until import until


def test_a_paused_target_keeps_its_backlog_counted_until_it_is_resumed(house: House, receiver: Receiver):
    target = house.webhook("/later", paused=True)
    house.rule(target, house.webhook("/now"))
    house.start()
    house.put(count=30)
    receiver.wait_for(30, "/now")

    state = until(
        lambda: (found := house.journal.target_states().get(target.pk)) and found.pending == 30 and found,
        what="the backlog to be counted",
    )
    assert state.oldest_pending_at is not None
    assert receiver.on("/later") == []

    Target.objects.filter(pk=target.pk).update(paused=False)

    receiver.wait_for(30, "/later")


def test_a_rate_is_kept(house: House, receiver: Receiver):
    house.rule(house.webhook(rate_per_second=20))
    house.start(delivers=False)
    last = house.put(count=40)[-1]
    house.routing(last)

    began = time.time()
    house.start(routes=False)
    received = receiver.wait_for(40, seconds=20)

    # 40 at 20 a second, less the 2 that a bucket holds at first.
    assert 1.8 <= received[-1].at - began <= 4
    for first, later in zip(received, received[25:], strict=False):
        assert later.at - first.at >= 0.9, "more than 25 requests within a second at a rate of 20"


def test_targets_of_one_api_destination_share_its_rate(house: House):
    from eventhub.flow.target import targets_in_force
    from eventhub.models import ApiDestination, Connection

    connection = Connection.objects.create(name="crm", auth="bearer")
    destination = ApiDestination.objects.create(
        name="crm", connection=connection, endpoint="https://crm.example/", rate_per_second=7
    )
    for name in ("one", "other"):
        Target.objects.create(name=name, kind="api-destination", api_destination=destination)

    one, other = targets_in_force().values()

    assert one.limits.buckets == other.limits.buckets
    assert one.limits.buckets[0].per_second == 7


def test_deliveries_wait_for_a_connection_that_is_not_authorised(house: House, receiver: Receiver):
    from eventhub.models import Connection

    connection = Connection.objects.create(name="crm", auth="bearer", authorized=False)
    connection.change_secrets({"token": "a-token"})
    connection.save()
    house.rule(house.webhook("/crm", connection=connection), house.webhook("/now"))
    house.start()

    [event] = house.put()

    receiver.wait_for(1, "/now")
    states = {one.target: one.state for one in house.outcomes(event)}
    assert states["crm"] == "pending"
    assert receiver.on("/crm") == []


def test_no_more_than_so_many_are_in_flight(house: House, receiver: Receiver):
    receiver.answer("/", answers.ok(after=0.02))
    house.rule(house.webhook(max_in_flight=3))
    house.start()

    house.put(count=60)

    receiver.wait_for(60)
    assert receiver.connections <= 3


def test_a_receiver_that_refuses_single_requests_keeps_its_circuit_closed(house: House, receiver: Receiver):
    receiver.answer("/", answers.status(404))
    target = house.webhook(circuit_failures=2, circuit_wait_seconds=3600, max_in_flight=1)
    house.rule(target)
    house.start()

    for event in house.put(count=6):
        house.outcome(event, "dead")

    state = house.journal.target_states().get(target.pk)
    assert state is None or state.circuit is CircuitState.CLOSED


def test_a_circuit_opens_probes_and_closes_and_burns_nothing(house: House, receiver: Receiver):
    receiver.answer("/", answers.answered(503, after=0.15))  # slower than a commit, which opens the circuit
    target = house.webhook(circuit_failures=5, circuit_wait_seconds=1, max_in_flight=1, max_attempts=185)
    house.rule(target)
    house.start()
    events = house.put(count=50)
    house.routing(events[-1])

    state = until(
        lambda: (
            (found := house.journal.target_states().get(target.pk))
            and found.circuit is CircuitState.OPEN
            and found
        ),
        what="the circuit to open",
    )
    assert state.opened_at is not None
    assert state.next_probe_at is not None
    tried = len(receiver.requests)
    assert 5 <= tried <= 9
    # A probe that fails keeps it open: single attempts, a wait apart.
    receiver.wait_for(tried + 2, seconds=10)
    assert receiver.requests[tried + 1].at - receiver.requests[tried].at >= 0.9

    receiver.answer("/", answers.ok())

    for event in events:
        house.outcome(event, "delivered", seconds=20)
    assert sum(one.attempts for event in events for one in house.outcomes(event)) <= 50 + tried + 6
    assert house.journal.target_states().get(target.pk, None) is None or (
        house.journal.target_states()[target.pk].circuit is CircuitState.CLOSED
    )


def test_our_own_faults_open_no_circuit(house: House, receiver: Receiver):
    rule = house.rule(house.webhook(circuit_failures=3, circuit_wait_seconds=3600))
    template = {"InputPathsMap": {"name": "$.detail.name"}, "InputTemplate": '{"name": "<name>"}'}
    rule.links.update(transform={"InputTransformer": template})
    house.start()

    bad = house.put(*(house.event(detail={"name": '"'}) for _ in range(6)))
    for event in bad:
        house.outcome(event, "dead")
    house.put(detail={"name": "Ada"})

    assert receiver.wait_for(1)[0].json == {"name": "Ada"}
