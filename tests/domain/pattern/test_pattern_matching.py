"""What is right where the reference implementation is known to be wrong, and other finds of our own."""

import pytest

from eventhub.domain import jsontext
from eventhub.domain.pattern import matches, parse


def holds(pattern: str, event: str) -> bool:
    return matches(parse(pattern), jsontext.decode(event.encode()))


def test_third_member_beside_a_text_and_a_range_changes_nothing():
    assert holds('{"a": ["ZZ", {"numeric": ["<", 5]}, {"prefix": "q"}]}', '{"a": "ZZ"}')
    assert not holds('{"a": ["ZY", {"numeric": ["<", 5]}, {"prefix": "q"}]}', '{"a": "ZZ"}')


@pytest.mark.parametrize(
    ("cidr", "value"),
    [("18.0.0.0/8", "123"), ("0.0.0.0/0", '"::1"'), ("::/0", '"10.0.0.1"'), ("10.0.0.0/8", '"16.0.0.0"')],
)
def test_cidr_reads_addresses_of_its_own_family_only(cidr: str, value: str):
    assert not holds(f'{{"a": [{{"cidr": "{cidr}"}}, 10000000]}}', f'{{"a": {value}}}')


def test_quotes_around_a_value_are_no_part_of_it():
    assert not holds(r'{"a": [{"prefix": "a\""}]}', '{"a": "a"}')
    assert not holds(r'{"a": [{"suffix": "\"a"}]}', '{"a": "a"}')


def test_characters_outside_the_basic_plane_survive_ignoring_case():
    assert holds('{"a": [{"equals-ignore-case": "x😀"}]}', '{"a": "X😀"}')
    assert not holds('{"a": [{"equals-ignore-case": "x😀"}]}', '{"a": "x??"}')


def test_wildcard_holds_beside_any_other_operators():
    operators = (
        r'[{"wildcard":"*."},{"prefix":"aa"},{"prefix":{"equals-ignore-case":"line\nfeed"}},'
        r'{"anything-but":{"equals-ignore-case":"x"}}]'
    )
    assert holds(f'{{"a": {operators}}}', '{"a": ".*"}')


def test_number_is_compared_by_its_text_not_by_a_rounded_double():
    assert not holds('{"a": [0.1]}', '{"a": 0.1000000000000000055}')
    assert holds('{"a": [0.1000000000000000055]}', '{"a": 0.1000000000000000055}')


@pytest.mark.parametrize("spelling", ["0e-99999999999999999999", "-0.0", "0E5"])
def test_zero_is_zero_however_it_is_written(spelling: str):
    assert holds('{"a": [0]}', f'{{"a": {spelling}}}')


@pytest.mark.parametrize("number", ["1e99999999999999999999", "1e-99999999999999999999", "9" * 5000])
def test_number_that_no_double_holds_equals_its_own_text(number: str):
    event = f'{{"a": {number}}}'

    assert holds('{"a": [{"exists": true}]}', event)
    assert holds('{"a": [{"anything-but": 1}]}', event)
    assert not holds('{"a": [{"numeric": [">", 0]}]}', event)
    assert not holds('{"a": [{"numeric": ["<", 1]}]}', event)
    assert len(number) > 4000 or holds(f'{{"a": [{number}]}}', event)


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ('{"i": {"b": [1], "c": [{"exists": false}]}}', '{"i": [{"c": 1}, {"b": 1}]}'),
        ('{"i": {"b": [1], "c": [{"exists": false}, 7]}}', '{"i": [{"b": 1, "c": 8}, {"b": 1, "c": 7}]}'),
        ('{"i": {"b": [1], "c": [{"exists": false}, 7]}}', '{"i": [{"b": 1, "c": 8}, {"b": 1}]}'),
        ('{"i": {"b": [1], "j": {"c": [{"exists": false}]}}}', '{"i": [{"b": 1}, {"j": [{"c": 1}]}]}'),
    ],
)
def test_absence_is_judged_in_the_chosen_element(pattern: str, matching: str):
    assert holds(pattern, matching)


@pytest.mark.parametrize(
    ("pattern", "other"),
    [
        ('{"i": {"a": [{"exists": false}], "b": [1]}}', '{"i": [{"a": 1}, {"b": 1}]}'),
        ('{"i": {"b": [1], "c": [{"exists": false}, 7]}}', '{"i": [{"b": 1, "c": 8}, {"c": 7}]}'),
        ('{"i": {"b": [1], "c": [{"exists": false}]}}', '{"i": [{"b": 1, "c": 1}], "i.c": 1}'),
    ],
)
def test_absence_is_judged_over_all_elements_when_none_is_chosen_yet(pattern: str, other: str):
    assert not holds(pattern, other)
