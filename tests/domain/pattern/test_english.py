"""A pattern as one sentence: true to what it picks, and short whatever it holds."""

import pytest
from hypothesis import HealthCheck, given, settings

from eventhub.domain.pattern import english, parse
from tests.domain.pattern.strategies import PATTERNS


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ('{"source": ["shop"], "detail-type": ["order.paid"]}', 'Events from "shop" of type "order.paid".'),
        ('{"source": [{"prefix": "shop."}]}', 'Events where source starts with "shop.".'),
        ('{"source": [{"anything-but": "cron"}]}', 'Events from anything but "cron".'),
        (
            '{"detail": {"state": ["a", "b", "c", "d", "e"]}}',
            'Events where state is "a", "b", "c" or 2 more.',
        ),
        (
            '{"detail": {"total": [{"numeric": [">", 0, "<=", 5]}], "code": [{"exists": false}]}}',
            "Events where total is more than 0 and at most 5 and code is absent.",
        ),
        (
            '{"detail": {"ip": [{"cidr": "10.0.0.0/8"}], "path": [{"wildcard": "/a/*"}]}}',
            'Events where ip is an address in 10.0.0.0/8 and path is like "/a/*".',
        ),
        (
            '{"$or": [{"detail": {"a": [1]}}, {"detail": {"b": [2], "c": [3]}}]}',
            "Events where either a is 1, or b is 2 and c is 3.",
        ),
        ('{"detail": {"source": ["x"]}}', 'Events where detail.source is "x".'),
        ('{"source": ["first"], "source": ["last"]}', 'Events from "last".'),
    ],
)
def test_a_pattern_is_said_in_one_sentence(pattern: str, sentence: str) -> None:
    assert english(parse(pattern)) == sentence


def test_a_long_pattern_ends_in_how_much_more_there_is() -> None:
    fields = ", ".join(f'"f{number}": [{number}]' for number in range(9))

    said = english(parse(f'{{"detail": {{{fields}}}}}'))

    assert said.endswith("f4 is 4 and 4 more conditions.")


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))  # a busy machine is slow
@given(PATTERNS)
def test_every_pattern_has_a_sentence(text: str) -> None:
    said = english(parse(text))

    assert said.startswith("Events")
    assert said.endswith(".")
    assert "where ." not in said
