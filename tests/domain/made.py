"""What hypothesis may make CloudEvents of."""

from hypothesis import strategies as st

from tests.domain.build import LEAST

words = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
names = st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True).filter(
    lambda name: name not in {*LEAST, "data", "time", "subject", "dataschema", "datacontenttype"}
)
extensions = st.dictionaries(names, words | st.booleans() | st.integers(-(2**31), 2**31 - 1), max_size=4)
json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
