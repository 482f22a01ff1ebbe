"""Small rules and events that meet often: few names, few values, arrays everywhere."""

import json
from typing import Any

from hypothesis import strategies as st

from eventhub.domain.pattern import PatternError, parse

NAMES = st.sampled_from(["a", "b", "c", "a.b", "b.c", "a.b.c", ""])
TEXTS = st.sampled_from(
    [
        "",
        "x",
        "xy",
        "X",
        "yx",
        "ß",
        "SS",
        "10.0.0.1",
        "10.0.0.01",
        "::ffff:a00:1",
        "é*",
        "1",
        "ı",
        "I",
        "xX",
        "10.0.0.7",
        "a:1::",
    ]
)
# As text: how a number is written must survive until it is parsed.
NUMBERS = st.sampled_from(["0", "-0.0", "1", "1.0", "10e-1", "2", "2.5", "9007199254740993", "1e400", "-3"])
LITERALS = st.sampled_from(["true", "false", "null"])


def quoted(text: str) -> str:
    return json.dumps(text)


def listed(members: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(members, min_size=1, max_size=2).map(lambda texts: f"[{','.join(texts)}]")


def made(name: str, value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return value.map(lambda text: f"{{{quoted(name)}:{text}}}")


STRINGS = TEXTS.map(quoted)
FULL = TEXTS.filter(bool).map(quoted)
COMPARABLE = NUMBERS.filter(lambda text: text not in ("9007199254740993", "1e400"))
WILDCARDS = st.sampled_from(["*", "x*", "*x", "x*y", "x*xy", "*x*", "1*", "", r"é\*"]).map(quoted)
COMPARISONS = st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), COMPARABLE).map(
    lambda term: f'["{term[0]}",{term[1]}]'
)
RANGES = st.sampled_from(['[">",0,"<",2]', '[">=",1,"<=",2.5]', '[">",-4,"<=",1.0]', '[">=",-3,"<",1]'])

OPERATORS = st.one_of(
    STRINGS,
    NUMBERS,
    LITERALS,
    made("exactly", STRINGS),
    *(made(name, STRINGS | made("equals-ignore-case", STRINGS)) for name in ("prefix", "suffix")),
    made("equals-ignore-case", STRINGS),
    made("wildcard", WILDCARDS),
    made("numeric", COMPARISONS | RANGES),
    made("exists", st.sampled_from(["true", "false"])),
    made("cidr", st.sampled_from(['"10.0.0.0/8"', '"10.0.0.0/30"', '"0.0.0.0/0"', '"::/0"', '"a::/8"'])),
    made("anything-but", STRINGS | COMPARABLE | listed(STRINGS) | listed(COMPARABLE)),
    *(
        made("anything-but", made(name, FULL | listed(FULL)))
        for name in ("prefix", "suffix", "equals-ignore-case")
    ),
    made("anything-but", made("wildcard", WILDCARDS | listed(WILDCARDS))),
)


OPERATORS_OF_NUMBERS = made("numeric", COMPARISONS | RANGES)


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.tuples(NAMES.map(quoted), values).map(":".join)
    return st.lists(members, min_size=1, max_size=3).map(lambda texts: f"{{{','.join(texts)}}}")


FIELDS = objects(listed(OPERATORS))
ALTERNATIVES = st.lists(FIELDS, min_size=2, max_size=2).map(lambda texts: f'"$or":[{",".join(texts)}]')
MEMBERS = st.tuples(NAMES.map(quoted), listed(OPERATORS) | FIELDS).map(":".join)
LEVELS = st.lists(MEMBERS | MEMBERS | ALTERNATIVES, min_size=1, max_size=3).map(
    lambda texts: f"{{{','.join(texts)}}}"
)


def is_affordable(text: str) -> bool:
    """Tell whether no field has so many wildcards that the pattern is refused for them."""
    try:
        parse(text)
    except PatternError as error:
        return not error.reference_text.startswith("Rule is too complex")
    return True


PATTERNS: st.SearchStrategy[str] = (
    FIELDS | LEVELS | st.tuples(NAMES.map(quoted), LEVELS).map(lambda field: f"{{{field[0]}:{field[1]}}}")
).filter(is_affordable)

EVENTS: st.SearchStrategy[str] = objects(
    st.recursive(
        STRINGS | NUMBERS | LITERALS,
        lambda values: (
            objects(values) | st.lists(values, max_size=3).map(lambda texts: f"[{','.join(texts)}]")
        ),
        max_leaves=12,
    )
)

# What looks like a pattern and mostly is none.
JSON_LIKE: st.SearchStrategy[Any] = st.lists(
    st.sampled_from(
        [*'{}[]:,"\\ \n0-1.e', '"a"', '"$or"', '"prefix"', '"numeric"', '"anything-but"', '"exists"']
    )
    | st.sampled_from(
        ['">"', '"wildcard"', '"equals-ignore-case"', '"cidr"', "true", "null", '{"a":[', "]}", "1.5"]
    )
    | st.sampled_from(['"\\u00e9"', "\x00", "é", "😀"]),
    max_size=25,
).map("".join)
