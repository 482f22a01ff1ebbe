"""What is a filter, what is none and where, and what the text of one comes back as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventhub.domain.filter import Filter, FilterError, compile_filter, parse
from eventhub.domain.filter.terms import And, AnyOf, Compare, Exists, Moment, Not, Nothing, Or, Term, Value
from tests.domain.filter.filter_views import view

CANONICAL = {
    "": "",
    "  \t ": "",
    "source:shop": "source:shop",
    'source:"shop"': "source:shop",
    "type:order.*": "type:order.*",
    'type:"Order Placed"': 'type:"Order Placed"',
    'type:"Order "*': 'type:"Order "*',
    "type:a**b": "type:a*b",
    "source:>5": 'source:">5"',
    "bus:a|b|a": "bus:a|b",
    'key:"exists"': 'key:"exists"',
    "key:exists": "key:exists",
    "rule:none": "rule:none",
    'rule:"none"': 'rule:"none"',
    "target:none": "target:none",
    "status:failed|retrying": "status:failed|retrying",
    "attempts:>2": "attempts:>2",
    "attempts:02": "attempts:2",
    "latency:>=1.5s": "latency:>=1.5s",
    "latency:exists": "latency:exists",
    "id:019A5A3B-0000-7000-8000-000000000000": "id:019a5a3b000070008000000000000000",
    "id:019a5*": "id:019a5*",
    "foo bar": "text:foo text:bar",
    "foo AND bar": "text:foo text:bar",
    '"OR"': "text:OR",
    "source:a OR source:b source:c": "source:a OR source:b source:c",
    "(source:a OR source:b) source:c": "(source:a OR source:b) source:c",
    "((source:a))(type:b)": "source:a type:b",
    "-source:a": "-source:a",
    "- source:a": None,
    "-(source:a type:b)": "-(source:a type:b)",
    "--source:a": "--source:a",
    "detail.amount:>100": "detail.amount:>100",
    'detail.items[*].sku:"A-1"': 'detail.items[*].sku:"A-1"',
    "detail.items[0].sku:A-1": "detail.items[0].sku:A-1",
    'detail."odd name".x:exists': 'detail."odd name".x:exists',
    'detail.x:"12"|12': 'detail.x:"12"|12',
    'detail.x:""': 'detail.x:""',
    'source:""': 'source:""',
    'text:"say \\"hi\\" \\\\"': 'text:"say \\"hi\\" \\\\"',
    "after:2026-11-28": "after:2026-11-28",
    "before:15m": "before:15m",
    'after:"2026-11-28 10:00"': "after:2026-11-28T10:00",
    'detail.x:">5"': 'detail.x:">5"',
}

WRONG = [
    ("sorce:shop", 0, "one of bus, source, type", '"sorce"'),
    ("source:shop sorce:shop", 12, "one of bus", '"sorce"'),
    ("data.amount:>1", 0, "one of bus", '"data.amount"'),
    ("http://x", 0, "one of bus", '"http"'),
    ("source:", 7, "a value", "the end"),
    ("source: shop", 7, "a value", '" shop"'),
    ("source:a|", 9, "a value", "the end"),
    ("(source:a", 9, ") for the ( in column 1", "the end"),
    ("source:a)", 8, "( before this )", '")"'),
    ("()", 1, "a term", '")"'),
    ("OR source:a", 0, "a term", '"OR source:a"'),
    ("source:a OR", 11, "a term", "the end"),
    ("source:a OR OR source:b", 12, "a term", '"OR source:b"'),
    ("-", 1, "a term", "the end"),
    ('source:"shop', 12, '" for the one in column 8', "the end"),
    ('source:"a\\b"', 9, '\\" or \\\\', '"\\b""'),
    ("source:a(b)", 8, "a blank, or quotes", '"(b)"'),
    ("status:delivred", 7, "one of pending, retrying, delivered", '"delivred"'),
    ("status:dead|no", 12, "one of pending", '"no"'),
    ("attempts:>x", 10, "a whole number", '"x"'),
    ("attempts:two", 9, "a whole number", '"two"'),
    ("latency:500ms", 8, "> or < and a duration", '"500ms"'),
    ("latency:>soon", 9, "a duration such as", '"soon"'),
    ("detail.amount:>abc", 15, "a number", '"abc"'),
    ("detail.amount:>1e999", 15, "a number", '"1e999"'),
    ("detail:x", 6, ".name or [number]", '":x"'),
    ("detail.:x", 7, "a member's name", '":x"'),
    ("detail[x]:1", 7, "an element's number or *", '"x]:1"'),
    ("detail.a", 8, ":", "the end"),
    ("id:xyz", 3, "an event's id", '"xyz"'),
    ("id:019a", 3, "an event's id", '"019a"'),
    ("id:*", 3, "an event's id", '"*"'),
    ("after:yesterday", 6, "a moment such as", '"yesterday"'),
    ("after:2026-13-01", 6, "a moment such as", '"2026-13-01"'),
    ('text:""', 5, "text to look for", "none"),
    ("a\0b", 1, "a character", "U+0000"),
    ("a\ud800", 1, "a character", "U+D800"),
    ("x" * 1001, 1000, "at most 1000 characters", "1001"),
    (" ".join(["a"] * 21), 40, "at most 20 terms", "one more"),
    ("source:" + "|".join(map(str, range(51))), None, "at most 50 values", "one more"),
    ("(" * 20 + "a", 11, "at most 10 levels", "one more"),
    ("-" * 20 + "a", 11, "at most 10 levels", "one more"),
    ("type:" + "*a" * 11, None, "at most 10 stars", "one more"),
    ("detail" + ".a" * 21 + ":1", None, "at most 20 steps", "one more"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL.items())
def test_text_of_a_filter_is_canonical(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(FilterError):
            parse(text)
    else:
        assert str(parse(text)) == canonical


@pytest.mark.parametrize(("text", "at", "wanted", "found"), WRONG)
def test_what_is_no_filter_is_refused_at_its_column(
    text: str, at: int | None, wanted: str, found: str
) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text)
    assert refused.value.wanted.startswith(wanted)
    assert refused.value.found.startswith(found)
    assert at is None or refused.value.at == at
    assert str(refused.value).startswith(f"column {refused.value.at + 1}: wanted ")


# Pieces of the language, put together by chance: more of them parse than of any text.
PIECES = st.lists(
    st.sampled_from(
        [
            *'() -|*:"\\<>.[]0',
            " OR ", " AND ", "source:", "type:", "status:", "dead", "detail.", "detail.a", "a", "[*]", "[0]",
            '"x y"', "after:", "15m", "2026-11-28", "attempts:", ">2", "latency:", "500ms", "id:", "019a",
            "none", "exists", "rule:", "key:", "text:", "é", "\0",
        ]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@given(st.one_of(st.text(max_size=200), PIECES))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except FilterError as error:
        refused = error
    else:
        assert parse(str(found)) == found
        compile_filter(found, now=0)(view(detail=b'{"a": [1, {"a": "x y"}]}'))
        return
    assert 0 <= refused.at <= len(text)


LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
VALUES = st.builds(
    Value,
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5), min_size=1, max_size=3
    )
    .filter(lambda pieces: len(pieces) == 1 or all(pieces[1:-1]))
    .map(tuple),
)
ANY_OF = st.lists(VALUES, min_size=1, max_size=2, unique=True).map(lambda values: AnyOf(tuple(values)))


def _is_no_keyword(term: Term) -> bool:
    return not isinstance(term.test, AnyOf) or not any(
        value.exact in {"exists", "none"} for value in term.test.values
    )


TERMS = st.one_of(
    st.builds(Term, st.sampled_from(["bus", "source", "type", "key", "target"]), ANY_OF).filter(
        _is_no_keyword
    ),
    st.builds(
        Term,
        st.just("detail"),
        st.one_of(st.just(Exists()), st.just(Compare(">", 5.0, "5"))),
        st.lists(
            st.one_of(
                LETTERS,
                st.integers(0, 99),
                st.none(),
            ),
            min_size=1,
            max_size=3,
        ).map(tuple),
    ),
    st.just(Term("rule", Nothing())),
    st.just(Term("after", Moment("15m", None, 900_000_000))),
)


def _groups(inner: st.SearchStrategy) -> st.SearchStrategy:
    parts = st.lists(inner, min_size=2, max_size=2).map(tuple)
    return st.one_of(
        st.builds(Not, inner),
        parts.filter(lambda p: not any(isinstance(one, And) for one in p)).map(And),
        parts.filter(lambda p: not any(isinstance(one, Or) for one in p)).map(Or),
    )


@given(st.recursive(TERMS, _groups, max_leaves=6))
def test_every_tree_comes_back_from_its_text(node: Term | Not | And | Or) -> None:
    filter_ = Filter(node)
    assert parse(str(filter_)) == filter_
