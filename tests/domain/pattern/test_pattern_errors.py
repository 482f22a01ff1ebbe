import pytest

from eventhub.domain.pattern import PatternError, parse


def refused(text: str | bytes) -> PatternError:
    with pytest.raises(PatternError) as caught:
        parse(text)
    return caught.value


def test_error_says_where_what_was_wanted_and_what_was_found():
    error = refused('{\n  "detail": {\n    "state": [{"prefix": 5}]\n  }\n}')

    assert str(error) == 'detail.state: "prefix" needs a string, got number (line 3, column 26)'
    assert (error.path, error.wanted, error.found) == ("detail.state", "a string", "number")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a pattern needs an object, got nothing"),
        ("[1]", "a pattern needs an object, got array"),
        ("{}", "an object needs at least one field, got {}"),
        ('{"a": []}', 'a: "a" needs at least one value, got an empty list'),
        ('{"a": "x"}', 'a: "a" needs an object or a list of values, got string'),
        ('{"a": [[1]]}', "a: a value list needs values or operators, got a list inside the list"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', 'a: "prefix" needs to be the only key beside it'),
        ('{"a": [{"numeric": [">", 9, "<", 1]}]}', "a lower bound below the upper, got 9 and 1"),
        ('{"a": [{"cidr": "10.0.0.1/32"}]}', "fewer than 32 bits for IPv4"),
        ('{"$or": [{"a": [1]}]}', '"$or" needs at least 2 objects, got 1'),
        ('{"a": ["x",]}', "the pattern's JSON needs a JSON value, got ']'"),
        ('{"a": ["x"]} trailing', "the pattern's JSON needs the end of the text, got 't'"),
        (b'{"a": ["\xff"]}', "the pattern's JSON needs UTF-8"),
        ('{"a": ["\\ud800"]}', "a surrogate pair of two halves"),
    ],
)
def test_error_is_a_sentence(text: str | bytes, words: str):
    assert words in str(refused(text))


@pytest.mark.parametrize(
    ("text", "reference", "columns"),
    [
        ('{"n": 7}', '"n" must be an object or an array', [8]),
        ('{"n": "seven"}', '"n" must be an object or an array', [8]),
        ('{"n": []}', "Empty arrays are not allowed", [9]),
        ('{"n": [{"LIKE": true}]}', "Unrecognized match type LIKE", [21]),
        ('{"n": [{"LIKE": ["x"]}]}', "Unrecognized match type LIKE", [18]),
        ('{"n": [{"numeric": [">", 0, ">", 0]}]}', "Bad numeric range operator: >", [32]),
        ('{"n": [{"numeric": [">", 0, "<"]}]}', "Value of < must be numeric", [33]),
        ('{"n": [{"prefix": 12}]}', "prefix match pattern must be a string", [21]),
        ('{"n": [{"wildcard": "a**"}]}', "Consecutive wildcard characters at pos 2", [26]),
        (
            '{"n": [{"anything-but": {"prefix": [5]}}]}',
            "prefix/suffix match pattern must be a string",
            [38, 38],
        ),
        (
            '{"n": [{"anything-but": ["x", null]}]}',
            "Inside anything but list, start|null|boolean is not supported.",
            [35, 35],
        ),
        ('{"n": [{"cidr": "10.0.0.0"}]}', "Malformed CIDR, one '/' required", []),
        ('{"n": [{"cidr": "ten/8"}]}', "Nonstandard IP address: ten", []),
        ("['n']", "Filter is not an object", [2]),
        (
            "{'n': [1]}",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
            [2],
        ),
    ],
)
def test_reference_text_has_the_locations_that_eventbridge_gives(
    text: str, reference: str, columns: list[int]
):
    locations = [f'\n at [Source: (String)"{text}"; line: 1, column: {column}]' for column in columns]

    assert refused(text).reference_text == reference + "".join(locations)


def test_reference_text_quotes_the_first_500_characters():
    text = '{"a": ["' + "x" * 600 + '"], "b": 1}'

    quoted = f'[Source: (String)"{text[:500]}"[truncated {len(text) - 500} chars]; line: 1, column: '
    assert quoted in refused(text).reference_text


def test_position_counts_lines_of_any_ending():
    error = refused('{"a": [1],\r\n"b": [2],\r"c": 3}')

    assert (error.line, error.column) == (3, 6)


@pytest.mark.parametrize("nested", ["prefix", "suffix", "wildcard", "equals-ignore-case"])
def test_anything_but_of_an_empty_list_is_refused(nested: str):
    assert "a list of strings, got an empty list" in str(
        refused(f'{{"a": [{{"anything-but": {{"{nested}": []}}}}]}}')
    )
