from eventhub.targets import bus


def test_a_chain_within_the_limit_is_no_loop():
    assert bus.loop(bus.HOP_LIMIT - 1, ["default"]) is None


def test_a_chain_over_the_limit_says_which_way_it_went():
    found = bus.loop(bus.HOP_LIMIT, ["default", "marketing", "default"])

    assert found == f"passed {bus.HOP_LIMIT} buses, which is the limit: default → marketing → default"


def test_the_way_is_read_from_the_attributes_whatever_stands_there():
    assert bus.passed({bus.PASSED: ["default", "marketing"]}) == ["default", "marketing"]
    assert bus.passed({}) == []
    assert bus.passed({bus.PASSED: "default"}) == []
