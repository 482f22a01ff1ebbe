from eventhub.flow.claim import MAX_BYTES_EACH, MAX_BYTES_IN_FLIGHT, RESERVED_BYTES_EACH, Lanes


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
    lanes.take(7, 2 * MAX_BYTES_IN_FLIGHT)
    assert lanes.room() == 0

    assert lanes.free(7, 2 * MAX_BYTES_IN_FLIGHT, 2)
    assert lanes.room() > 0


def test_a_target_that_holds_its_share_of_bytes_gets_no_more_and_the_others_go_on():
    lanes = Lanes()
    lanes.take(7, MAX_BYTES_EACH)
    lanes.take(8, 100)

    assert (lanes.crowded(), lanes.room() > 0) == ({7}, True)
    assert lanes.free(7, MAX_BYTES_EACH, 2)
    assert lanes.crowded() == frozenset()


def test_when_all_bytes_are_used_each_target_still_gets_its_reserve():
    lanes = Lanes()
    for target_id in range(9):  # hang with large events
        lanes.take(target_id, MAX_BYTES_IN_FLIGHT // 9 + 1)
    for _ in range(100):
        lanes.take(9, RESERVED_BYTES_EACH // 200 + 1)
    assert lanes.crowded() == frozenset(range(9))

    lanes.take(9, RESERVED_BYTES_EACH // 2)

    assert lanes.crowded() == frozenset(range(10))
    assert not lanes.is_crowded(10)
    assert lanes.room() > 0
    assert lanes.free(9, RESERVED_BYTES_EACH // 2, 1000)
    assert not lanes.is_crowded(9)
