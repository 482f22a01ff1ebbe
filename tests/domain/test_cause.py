"""The cause that an event names itself."""

from uuid import UUID

import pytest

from eventhub.domain.cause import cause_of
from eventhub.domain.entry import Entry
from eventhub.flow.accept import build_event

ID = "0198f0a4-7c1e-7d2c-9a0b-3f6f2a9d1c55"


@pytest.mark.parametrize("said", ["order-17", "", 7, None, ID[:-1], ID.replace("-", ""), "x" * 36, [ID]])
def test_what_is_no_id_of_ours_names_no_event(said: object) -> None:
    assert cause_of({"causationid": said}) is None


def test_an_accepted_event_has_the_cause_that_it_names() -> None:
    entry = Entry("default", "mail", "mail.queued", b"{}", attributes={"causationid": ID})

    event = build_event(entry, bus_id=1, accepted_at=0, who="key:K", random_bits=0)

    assert event.cause_id == UUID(ID)
