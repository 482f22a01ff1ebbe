"""Several routers and deliverers on one PostgreSQL: nothing is lost, doubled or held up."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import connections

from eventhub.journal.postgres import PostgresJournal
from tests import receiver as answers
from tests.flow.conftest import House
from tests.receiver import Receiver
from tests.until import until

pytestmark = [pytest.mark.whole, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def houses(postgres_dsn: str, receiver: Receiver) -> Iterator[Callable[[], House]]:
    """Make houses that share one journal database, each with a journal of its own, as processes have."""
    made: list[House] = []

    def make() -> House:
        journal = PostgresJournal(postgres_dsn)
        journal.migrate()
        journal.open()
        made.append(House(journal, receiver))
        return made[-1]

    yield make
    for house in made:
        house.stop()
        house.journal.close()
    connections.close_all()


def ids(receiver: Receiver) -> Counter[str]:
    return Counter(one.headers["webhook-id"] for one in list(receiver.requests))


def test_two_workers_share_the_work_and_double_nothing(houses: Callable[[], House], receiver: Receiver):
    one, other = houses(), houses()
    one.rule(one.webhook("/a"), one.webhook("/b"), bus="first")
    one.rule(one.webhook("/c"), bus="second")
    one.start()
    other.start()

    for _ in range(10):
        one.put(count=50, bus="first")
        other.put(count=50, bus="second")

    receiver.wait_for(1500, seconds=30)
    until(lambda: one.journal.next_due_at([]) is None, what="everything settled")
    assert len(ids(receiver)) == 1500
    assert set(ids(receiver).values()) == {1}
    health = one.journal.health()
    assert (health.unrouted, health.pending) == (0, 0)


def test_when_a_worker_leaves_the_other_goes_on(houses: Callable[[], House], receiver: Receiver):
    one, other = houses(), houses()
    one.rule(one.webhook("/a"))
    one.start()
    other.start()
    one.put(count=200)

    one.stop()
    other.put(count=200)

    receiver.wait_for(400, seconds=30)
    until(lambda: other.journal.next_due_at([]) is None, what="everything settled")
    assert len(ids(receiver)) == 400


def test_limits_hold_over_two_workers(houses: Callable[[], House], receiver: Receiver):
    receiver.answers = lambda _received: answers.ok(after=0.05)
    one, other = houses(), houses()
    one.rule(one.webhook("/few", max_in_flight=3), name="few", pattern='{"source": ["few"]}')
    one.rule(one.webhook("/slow", rate_per_second=20), name="slow", pattern='{"source": ["slow"]}')
    one.start()
    other.start()

    one.put(count=60, source="few")
    other.put(count=40, source="slow")

    few = receiver.wait_for(60, "/few", seconds=30)
    assert most_at_once([received.at for received in few], 0.05) <= 3
    slow = receiver.wait_for(40, "/slow", seconds=30)
    for first, later in zip(slow, slow[25:], strict=False):
        assert later.at - first.at >= 0.9, "more than 25 requests within a second at a rate of 20"


def test_order_holds_over_two_workers(houses: Callable[[], House], receiver: Receiver):
    one, other = houses(), houses()
    one.rule(one.webhook("/a", fifo_path="$.detail.order"))
    one.start()
    other.start()

    one.put(*(one.event(detail={"order": n % 5, "n": n}) for n in range(200)))

    received = receiver.wait_for(200, "/a", seconds=30)
    for key in range(5):
        numbers = [json["n"] for each in received if (json := each.json["detail"])["order"] == key]
        assert numbers == sorted(numbers)


def most_at_once(begun_at: list[float], took_seconds: float) -> int:
    """Return how many exchanges of this length ran at once, at most."""
    return max(sum(1 for at in begun_at if first <= at < first + took_seconds) for first in begun_at)
