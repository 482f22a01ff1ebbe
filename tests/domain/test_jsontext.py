import pytest

from eventhub.domain import jsontext
from eventhub.domain.jsontext import MAX_DEPTH, JsonTextError, Number, check_detail, decode, encode


def refused(data: bytes) -> JsonTextError:
    with pytest.raises(JsonTextError) as caught:
        check_detail(data)
    return caught.value


@pytest.mark.parametrize(
    "text",
    [b"1e400", b"-0.0", b"300.0", b"3E+2", b"12345678901234567890123", b"0.1000000000000000055", b"9" * 5000],
)
def test_number_goes_out_as_it_came_in(text: bytes):
    assert encode(decode(text)) == text


def test_number_is_not_mistaken_for_its_text():
    assert Number("1.0") != "1.0"
    assert len({Number("1.0"), Number("1.0"), Number("1.00"), "1.0"}) == 3


@pytest.mark.parametrize("depth", [10, 900, 1001, 5000])
def test_text_of_any_depth_is_read(depth: int):
    value = decode(b'[{"a":' * depth + b"1.5" + b"}]" * depth)

    for _ in range(depth):
        value = value[0]["a"]
    assert value == Number("1.5")


@pytest.mark.parametrize("depth", [10, 1001, 5000])
def test_value_of_any_depth_is_written(depth: int):
    text = b'[1,{"a":"\\n","b":' * depth + b'{"x":[],"y":1.50}' + b',"c":{}}]' * depth

    assert encode(decode(text)) == text


@pytest.mark.parametrize("opening", [b'{"a":', b"["])
def test_detail_may_be_a_thousand_levels_deep(opening: bytes):
    closing = {b"[": b"]", b'{"a":': b"}"}[opening]

    def nested(depth: int) -> bytes:
        return b'{"d":' + opening * (depth - 1) + b"1" + closing * (depth - 1) + b"}"

    assert check_detail(nested(MAX_DEPTH))
    error = refused(nested(MAX_DEPTH + 1))
    assert error.message == "nested deeper than 1000 levels"
    assert error.position == 5 + len(opening) * (MAX_DEPTH - 1)


def test_brackets_in_strings_are_no_depth():
    assert check_detail(b'{"a": "' + rb"[{\"[" * 2000 + b'"}')


@pytest.mark.parametrize(
    ("data", "path", "position"),
    [
        (b'{"a":1,"a":2}', "a", 7),
        (b'{"a":1 , "\\u0061" : 2}', "a", 9),
        (b'{"x":{"y":[{"b":1,"c":2,"b":3}]}}', "x.y.b", 24),
        (b'{"x":"\\":\\":","a":1,"a":2}', "a", 20),
        ('{"é":1,"é":2}'.encode(), "é", 8),
        (b'{"a" :1,"b":2,"b":3}', "b", 14),
        (b'{"k":"\\"\\u003a","b":2,"b":3}', "b", 22),
    ],
)
def test_same_key_twice_is_refused_where_it_stands(data: bytes, path: str, position: int):
    error = refused(data)

    assert (error.message, error.path, error.position) == ("the same key twice in one object", path, position)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":{"a":1},"b":[{"a":1},{"a":1}]}',
        b'{ "a" : "\\":" , "b" : "\\" :" }',
        b'{"a\\u0022:":1,"b":"\\u0022:"}',
        b'{"":1," ":2,"  ":3}',
    ],
)
def test_keys_that_differ_are_accepted_however_they_look(data: bytes):
    assert check_detail(data) == jsontext.decode(data)


@pytest.mark.parametrize(
    ("data", "message", "position"),
    [
        (b"[1]", "a JSON object was wanted, got array", 0),
        (b'"x"', "a JSON object was wanted, got string", 0),
        (b"", "a JSON value was wanted, got the end of the text", 0),
        (b'{"a":}', "a JSON value was wanted, got '}'", 5),
        (b'{"a":1,}', "a name in quotes was wanted, got '}'", 7),
        (b'{"a":01}', "a number without leading zeros was wanted, got 01", 5),
        (b'{"a":NaN}', "a JSON value was wanted, got NaN", 5),
        (b'{"a":"\xff"}', "the text is not valid UTF-8", 6),
        ('{"é":1 "b":2}'.encode(), "a comma or the end of the object was wanted, got '\"'", 8),
        (b'{"a":"\\ud800"}', "a surrogate pair of two halves was wanted, got \\ud800", 6),
        (b'{"a":1} x', "the end of the text was wanted, got 'x'", 8),
        (b'{"a":"\n"}', "an escaped control character was wanted, got control character 10", 6),
    ],
)
def test_what_is_no_detail_is_refused_with_its_place(data: bytes, message: str, position: int):
    error = refused(data)

    assert (error.message, error.position) == (message, position)
