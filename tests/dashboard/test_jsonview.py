import re

from eventhub.dashboard.jsonview import COLOURED_BYTES, laid_out


def _text(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html).replace("&quot;", '"').replace("&lt;", "<").replace("&amp;", "&")


def test_json_is_indented_and_not_a_digit_is_changed() -> None:
    assert _text(laid_out('{"a":1.50,"b":[1e400,18446744073709551617],"c":{}}')) == (
        '{\n  "a": 1.50,\n  "b": [\n    1e400,\n    18446744073709551617\n  ],\n  "c": {}\n}'
    )


def test_markup_in_a_payload_stays_text() -> None:
    html = laid_out('{"<script>":"</pre><img src=x onerror=alert(1)>"}')

    assert "<script>" not in html
    assert "<img" not in html


def test_brackets_and_commas_within_strings_are_left_alone() -> None:
    assert _text(laid_out('["{,}", "\\"[:]"]')) == '[\n  "{,}",\n  "\\"[:]"\n]'


def test_a_long_text_is_not_coloured() -> None:
    text = '{"a": "' + "x" * COLOURED_BYTES + '"}'

    assert "<span" not in laid_out(text)
