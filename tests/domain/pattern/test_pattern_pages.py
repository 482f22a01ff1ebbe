"""The pages that teach the language are true: every example in them is run."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from eventhub.domain import jsontext
from eventhub.domain.pattern import PatternError, matches, parse
from eventhub.domain.pattern.limits import MAX_BRANCHES, MAX_CHARACTERS, MAX_OR_DEPTH
from eventhub.domain.pattern.operators import OPERATORS
from eventhub.domain.pattern.tree import OR

PAGES = sorted(Path("templates/docs/patterns").glob("*.html"))


@dataclass
class Example:
    page: str
    pattern: str = ""
    refused: str = ""
    cells: list[str] = field(default_factory=list)


class ExampleReader(HTMLParser):
    """Collects what stands in the examples of a page: the pattern, then events and answers in turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.examples: list[Example] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if ("class", "example") in attrs:
            self.examples.append(Example(self.page))
        self.inside.append("refused" if ("class", "refused") in attrs else tag)
        if tag == "td" and "div" in self.inside:
            self.examples[-1].cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside.pop()

    def handle_data(self, data: str) -> None:
        if "div" not in self.inside:
            return
        if "pre" in self.inside:
            self.examples[-1].pattern += data
        elif "refused" in self.inside:
            self.examples[-1].refused += data
        elif "td" in self.inside:
            self.examples[-1].cells[-1] += data


def examples() -> list[Example]:
    found = []
    for page in PAGES:
        reader = ExampleReader(page.stem)
        reader.feed(page.read_text())
        found += reader.examples
    return found


EXAMPLES = [pytest.param(example, id=f"{example.page} {example.pattern}") for example in examples()]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_answers_what_the_page_says(example: Example):
    if example.refused:
        with pytest.raises(PatternError) as caught:
            parse(example.pattern)
        assert str(caught.value).startswith(example.refused)
        return
    pattern = parse(example.pattern)
    assert example.cells
    for event, answer in zip(example.cells[::2], example.cells[1::2], strict=True):
        found = "match" if matches(pattern, jsontext.decode(event.encode())) else "no match"
        assert (event, found) == (event, answer)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_has_a_title_and_examples(page: Path):
    text = page.read_text()
    title = re.search(r"{% block title %}(.+){% endblock %}", text)

    assert title
    assert f"<h1>{title[1]}</h1>" in text
    assert 'class="example"' in text


@pytest.mark.parametrize("operator", [*OPERATORS, OR])
def test_operator_has_its_heading(operator: str):
    heading = f'<h2 id="{operator.removeprefix("$")}"><code>{operator}</code></h2>'

    assert [page.stem for page in PAGES if heading in page.read_text()]


def test_links_between_the_pages_lead_somewhere():
    texts = {f"/docs/patterns/{page.stem}": page.read_text() for page in PAGES}
    for text in texts.values():
        for address, anchor in re.findall(r'href="([^"#]+)(?:#([^"]+))?"', text):
            assert address in texts
            assert not anchor or f'id="{anchor}"' in texts[address]


def test_limits_are_those_of_the_code():
    text = Path("templates/docs/patterns/limits.html").read_text()

    for limit in (MAX_CHARACTERS, MAX_BRANCHES, MAX_OR_DEPTH):
        assert f"at most {limit:,}" in text
