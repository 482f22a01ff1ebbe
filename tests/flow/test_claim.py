from eventhub.flow.claim import MAX_BYTES_IN_FLIGHT, Lanes


def test_a_place_is_free_again_after_its_exchange():
    lanes = Lanes(in_all=3)
    lanes.take(7, 100)
    lanes.take(7, 100)
    assert (lanes.room(), lanes.in_flight()) == (1, {7: 2})

    assert lanes.free(7, 100, 2)
    assert (lanes.room(), lanes.in_flight()) == (2, {7: 1})

    assert not lanes.free(7, 100, 2)
    assert lanes.in_flight() == {}


def test_large_events_fill_the_room_by_their_bytes():
    lanes = Lanes()
    lanes.take(7, MAX_BYTES_IN_FLIGHT)
    assert lanes.room() == 0

    assert lanes.free(7, MAX_BYTES_IN_FLIGHT, 2)
    assert lanes.room() > 0
