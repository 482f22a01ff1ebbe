"""The cases that are EventBridge's own were recorded from it; their values are ours."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.domain import jsontext
from eventhub.domain.envelope import Envelope
from eventhub.domain.template import MAX_RESULT_BYTES
from eventhub.domain.transform import Context, TransformError, parse_transform
from tests.domain.build import NOON, envelope

CONTEXT = Context("arn:aws:events:us-east-1:000000000000:rule/shop/orders", "orders", NOON + 1_000_000)
DETAIL = (
    b'{"id":"o-7","customer":{"name":"Zo\\u00eb","vip":true},"one":["A"],"two":["A","B"],"total":1.50,'
    b'"big":12345678901234567890,"huge":1e400,"paid":true,"none":null,"quote":"say \\"hi\\"",'
    b'"path":"C:\\\\new"}'
)
PATHS = {
    name: f"$.detail.{name}"
    for name in [
        "id",
        "customer",
        "one",
        "two",
        "total",
        "big",
        "huge",
        "paid",
        "none",
        "quote",
        "path",
        "gone",
    ]
} | {"type": "$.detail-type", "names": "$.detail.*.name", "first": "$.resources[0]"}


def shop(detail: bytes = DETAIL) -> Envelope:
    return envelope(resources=b'["arn:r"]', detail=detail)


def transformer(template: str, paths: dict[str, str] = PATHS) -> dict[str, object]:
    return {"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}


def applied(stored: dict[str, object], detail: bytes = DETAIL):
    transform = parse_transform(stored)
    assert transform is not None
    return transform.apply(shop(detail), context=CONTEXT)


def filled(template: str, detail: bytes = DETAIL) -> str:
    result = applied(transformer(template), detail)
    assert result.fault == ""
    return result.body.decode()


def refusal(stored: object) -> TransformError:
    with pytest.raises(TransformError) as caught:
        parse_transform(stored)
    return caught.value


def test_constant_goes_out_as_it_was_written():
    assert applied({"Input": ' {"a" : 1.50} '}).body == b' {"a" : 1.50} '


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("$", shop().as_bytes()),
        ("$.detail", DETAIL),
        ("$.detail.id", b'"o-7"'),
        ("$.detail.total", b"1.50"),
        ("$.detail.huge", b"1e400"),
        ("$.detail.big", b"12345678901234567890"),
        ("$.detail.customer", '{"name":"Zoë","vip":true}'.encode()),
        ("$.detail.two[*]", b'["A","B"]'),
        ("$.time", b'"2026-01-02T12:00:00Z"'),
        ("$.detail.none", b"null"),
        ("$.detail.gone", b"null"),
    ],
)
def test_input_path_makes_that_part_as_json(path: str, body: bytes):
    assert applied({"InputPath": path}).body == body


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('{"order": <id>}', '{"order":"o-7"}'),
        ('{"order": "<id>"}', '{"order":"o-7"}'),
        ('{"path": "orders/<id>/of/<type>"}', '{"path":"orders/o-7/of/order placed"}'),
        ('{"twice": "<id>/<id>"}', '{"twice":"o-7/o-7"}'),
        ('{"a": {"b": [9, <id>, true]}, "c": "Yes"}', '{"a":{"b":[9,"o-7",true]},"c":"Yes"}'),
        ('{"said": "order \\"<id>\\" is in"}', '{"said":"order \\"o-7\\" is in"}'),
        ('{"c": <customer>, "l": <two>}', '{"c":{"name":"Zoë","vip":true},"l":["A","B"]}'),
        ('{"n": [<total>, <big>, <huge>]}', '{"n":[1.50,12345678901234567890,1e400]}'),
        ('{"n": "<total> <big> <huge> <paid>"}', '{"n":"1.50 12345678901234567890 1e400 true"}'),
        ('{"gone": <gone>, "s": "<gone>."}', '{"gone":"","s":"."}'),
        ('{"none": <none>}', '{"none":null}'),
        ('{"quote": <quote>}', '{"quote":"say \\"hi\\""}'),
        ('{"names": <names>}', '{"names":["Zoë"]}'),
        ('{"less": "1 < 2 > <first>"}', '{"less":"1 < 2 > arn:r"}'),
        ("<customer>", '{"name":"Zoë","vip":true}'),
        (' [ <id> ,\n "a  b" ] \n\n', '["o-7","a  b"]\n\n'),
        ('{"ü": "<id>ß"}', '{"ü":"o-7ß"}'),
        ('{"escaped": "\\u003cid\\u003e"}', '{"escaped":"\\u003cid\\u003e"}'),
    ],
)
def test_json_template_is_filled(template: str, body: str):
    assert filled(template) == body
    jsontext.decode(body.encode())


@pytest.mark.parametrize(
    ("template", "body"),
    [
        ('"order <id> of <type>"', '"order o-7 of order placed"'),
        ('"gone: <gone>."', '"gone: ."'),
        ('"<customer>"', '"{name:Zoë,vip:true}"'),
        ('"<one> and <two>"', '"[A] and [A,B]"'),
        ('"paid <paid>, <total>, <huge>"', '"paid true, 1.50, 1e400"'),
        ('"{[/<id>"', '"{[/o-7"'),
        ('"<id>"\n"<type>"', '"o-7"\n"order placed"'),
        ('"<quote>"', '"say "hi""'),
        ('"\\"<id>\\""', '"\\"o-7\\""'),
    ],
)
def test_string_template_is_filled(template: str, body: str):
    assert filled(template) == body


def test_reserved_variables_are_there_without_a_map():
    template = (
        '{"arn": <aws.events.rule-arn>, "name": "<aws.events.rule-name>", '
        '"at": <aws.events.event.ingestion-time>, '
        '"event": <aws.events.event>, "json": <aws.events.event.json>}'
    )
    result = applied({"InputTransformer": {"InputTemplate": template}})

    assert not result.fault
    assert jsontext.decode(result.body) == {
        "arn": CONTEXT.rule_arn,
        "name": "orders",
        "at": "2026-01-02T12:00:01Z",
        "event": {
            "id": "0192f3c7-a1b2-7000-8000-000000000000",
            "account": "000000000000",
            "detailType": "order placed",
            "time": "2026-01-02T12:00:00Z",
            "source": "shop",
            "region": "us-east-1",
            "resources": ["arn:r"],
            "version": "0",
        },
        "json": shop().decoded(),
    }


def test_whole_event_goes_in_byte_for_byte():
    assert filled("<aws.events.event.json>") == shop().as_bytes().decode()


@pytest.mark.parametrize(
    ("template", "blamed"),
    [
        ('{"quote": "<quote>"}', "<quote>"),
        ('{"payload": "<customer>"}', "<customer>"),
        ('{"list": "<one>"}', "<one>"),
        ('{"event": "<aws.events.event>"}', "<aws.events.event>"),
        ('{"ok": <customer>, "not": "users/<customer>"}', "<customer>"),
    ],
)
def test_value_that_breaks_its_string_is_a_fault_that_names_it(template: str, blamed: str):
    result = applied(transformer(template))

    assert f"what {blamed} stands for cannot stand in quotation marks" in result.fault
    assert result.body


def test_value_cannot_leave_its_string_and_add_members():
    result = applied(
        transformer('{"id": "<id>", "paid": false}'), b'{"id": "x\\", \\"paid\\": true, \\"y\\": \\""}'
    )

    assert result.fault


def test_half_a_surrogate_pair_makes_no_json():
    assert applied(transformer('{"a": "<id>"}'), rb'{"id": "\\ud800"}').fault


def test_backslashes_are_not_escaped_either():
    assert filled('{"path": "<path>"}') == '{"path":"C:\\new"}'


def test_result_is_bounded():
    detail = b'{"id":"' + b"x" * 200_000 + b'"}'
    result = applied(transformer('"' + "<id>" * 2000 + '"'), detail)

    assert (result.body, result.fault) == (
        b"",
        f"the transform's result is larger than {MAX_RESULT_BYTES} bytes",
    )
    assert applied(transformer('"' + "<id>" * 4 + '"'), b'{"id":"' + b"\xe2\x82\xac" * 100_000 + b'"}').fault


def test_event_of_any_accepted_depth_is_transformed():
    deep = b'{"a":' * 998 + b"[1.50]" + b"}" * 998
    detail = b'{"deep":' + deep + b"}"

    for template in ("<deep>", '{"d": <deep>}', '{"d": "<deep>"}', '"<deep>"'):
        result = applied(transformer(template, {"deep": "$.detail.deep"}), detail)
        assert b"1.50" in result.body
    assert applied({"InputPath": "$.detail.deep"}, detail).body == deep


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_any_value_makes_json_where_a_value_stands(value: object):
    text = msgspec.json.encode({"id": value})

    body = filled('{"a": <id>, "b": [<id>]}', text).encode()

    expected = jsontext.decode(text)["id"]
    assert jsontext.decode(body) == {"a": expected, "b": [expected]}


@given(values)
def test_any_value_in_quotes_makes_json_or_a_fault(value: object):
    result = applied(transformer('{"a": "x<id>y"}'), msgspec.json.encode({"id": value}))

    if not result.fault:
        decoded = jsontext.decode(result.body)
        assert list(decoded) == ["a"]
        assert type(decoded["a"]) is str


@given(st.text(), values)
def test_any_template_is_refused_or_filled(template: str, value: object):
    try:
        transform = parse_transform(transformer(template))
    except TransformError:
        return
    assert transform is not None
    result = transform.apply(shop(msgspec.json.encode({"id": value})), context=CONTEXT)
    if transform.template.is_json and not result.fault:
        jsontext.decode(result.body)


@pytest.mark.parametrize(
    "stored",
    [{"Input": "1"}, {"InputPath": "$.detail.items[*]"}, transformer('{"a": <id>}'), transformer('"<id>"')],
)
def test_stored_form_is_read_back(stored: dict[str, object]):
    transform = parse_transform(stored)

    assert transform is not None
    assert transform.stored() == stored
    assert parse_transform(transform.stored()) == transform


@pytest.mark.parametrize("stored", [None, {}, {"Input": None, "InputPath": None}])
def test_no_transform_is_none(stored: object):
    assert parse_transform(stored) is None


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ([], "transform: wanted an object, found list"),
        ({"input": "1"}, "input: wanted only Input, InputPath, InputTransformer, found an unknown member"),
        ({"Input": "1", "InputPath": "$"}, "wanted one of Input, InputPath, InputTransformer, found"),
        ({"Input": 1}, "Input: wanted a string, found int"),
        ({"Input": ""}, "Input: wanted 1 to 8192 characters, found 0"),
        ({"Input": "1" * 8193}, "Input: wanted 1 to 8192 characters, found 8193"),
        ({"Input": " "}, "Input: wanted a JSON value, found only blanks"),
        ({"Input": '{"a": 1,}'}, "Input: wanted a name in quotes, found '}' (line 1, character 9)"),
        ({"Input": '"\ud800"'}, "Input: wanted text that UTF-8 can hold"),
        ({"InputPath": 1}, "InputPath: wanted a path in a string, found int"),
        ({"InputPath": "$..a"}, 'InputPath: wanted .name, [number], [*] or .*, found "..a" (character 1)'),
        ({"InputTransformer": "x"}, "InputTransformer: wanted an object, found str"),
        ({"InputTransformer": {}}, "InputTransformer.InputTemplate: wanted a string, found nothing"),
        ({"InputTransformer": {"Template": ""}}, "InputTransformer.Template: wanted only InputPathsMap"),
        (transformer("1", {"a.b": "$"}), "InputPathsMap: wanted a name of 1 to 256 letters"),
        (transformer("1", {"a" * 257: "$"}), "InputPathsMap: wanted a name of 1 to 256"),
        (transformer("1", {"a": "x"}), 'InputPathsMap.a: wanted a path that begins with $, found "x"'),
        (transformer("1", {f"a{n}": "$" for n in range(101)}), "InputPathsMap: wanted at most 100 variables"),
        (transformer("x" * 8193), "InputTemplate: wanted 1 to 8192 characters, found 8193"),
        (transformer("  "), "InputTemplate: wanted JSON, or text in quotation marks, found nothing"),
        (transformer('"a\n<b>"'), "found <b> (line 2, character 1)"),
        (transformer("<id> is in"), "wanted the end of the text, found 'i' (line 1, character 6)"),
        (transformer('{"a": <id>\n"b": 1}'), "wanted a comma or the end of the object, found '\"' (line 2"),
        (transformer("{<id>: 1}"), "wanted a member's name without variables, found <id> (line 1,"),
        (transformer('{"x<id>": 1}'), "wanted a member's name without variables, found \"x<id>\""),
        (transformer('{"a": "<id>}'), "wanted a closing quote"),
        (transformer('"a" "b"'), "wanted a line end between two strings"),
        (transformer('"a""b"'), "wanted a line end between two strings"),
        (transformer('"a" <id>'), "wanted a line end between two strings"),
        (transformer('"a"\n<id>'), 'wanted text in quotation marks, line by line, found "<id>" (line 2'),
        (transformer('"a"\n"b'), "wanted a closing quote, found the end of the text (line 2, character 3)"),
    ],
)  # fmt: skip
def test_transform_that_cannot_work_is_refused_where_it_goes_wrong(stored: object, message: str):
    assert message in str(refusal(stored))


def test_refusals_are_known_in_eventbridges_words():
    exclusive = refusal({"Input": "1", "InputPath": "$"})
    undefined = refusal(transformer('"<nobody>"'))
    other = refusal({"InputPath": "x"})

    assert exclusive.reference("t1") == (
        "Only one of Input, InputPath, or InputTransformer must be provided for target t1."
    )
    assert undefined.reference("t1") == "InputTemplate for target t1 contains invalid placeholder nobody."
    assert other.reference("t1").startswith("InputPath for target t1 is not valid. Reason: ")
