import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.domain.jsonpath import MISSING, JsonPathError, parse_path

EVENT = {
    "source": "shop",
    "resources": ["a", "b"],
    "detail": {
        "order-id": 7,
        "@type": "order",
        "aws/key": 1,
        "größe": "M",
        "null": None,
        "items": [{"id": 1, "tags": ["x", "y"]}, {"id": 2}, "loose"],
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", EVENT),
        ("$.", EVENT),
        ("$.source", "shop"),
        ("$.detail.order-id", 7),
        ("$.detail.@type", "order"),
        ("$.detail.aws/key", 1),
        ("$.detail.größe", "M"),
        ("$.detail.null", None),
        ("$.resources[1]", "b"),
        ("$.detail.items[0].tags[1]", "y"),
        ("$.detail.items[*].id", [1, 2]),
        ("$.detail.items.*.id", [1, 2]),
        ("$.detail.items[*].tags[*]", ["x", "y"]),
        ("$.detail.items[*].price", []),
        ("$.nothing[*]", []),
        ("$.*[0]", ["a"]),
    ],
)
def test_path_leads_to(path: str, found: object):
    assert parse_path(path).find(EVENT) == found


@pytest.mark.parametrize(
    "path", ["$.x", "$.source.x", "$.resources[2]", "$.resources.a", "$.source[0]", "$.detail[0]", "$[0]"]
)
def test_path_to_nothing_is_missing_which_is_not_null(path: str):
    assert parse_path(path).find(EVENT) is MISSING


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "wanted a path that begins with $, found the end (character 0)"),
        ("detail.id", 'wanted a path that begins with $, found "detail.id" (character 0)'),
        ("$detail", 'wanted .name, [number], [*] or .*, found "detail" (character 1)'),
        ("$..id", 'found "..id" (character 1)'),
        ("$.detail.", 'found "." (character 8)'),
        ("$.detail['id']", "found \"['id']\" (character 8)"),
        ("$.items[-1]", 'found "[-1]" (character 7)'),
        ("$.items[0:2]", 'found "[0:2]" (character 7)'),
        ("$.items[?(@.id)]", 'found "[?(@.id)]" (character 7)'),
        ("$.a b", 'found " b" (character 3)'),
        ("$." + "a" * 255, "wanted at most 256 characters, found 257"),
    ],
)
def test_what_is_no_path_is_refused_where_it_goes_wrong(path: str, message: str):
    with pytest.raises(JsonPathError) as caught:
        parse_path(path)

    assert message in str(caught.value)


json_values = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.text(alphabet="$.[]*ab01-"), json_values)
def test_any_path_either_fails_to_parse_or_finds_without_error(text: str, value: object):
    try:
        path = parse_path("$" + text)
    except JsonPathError:
        return
    found = path.find(value)
    assert found is MISSING or None not in path.steps or type(found) is list
