"""What is taken out of an event, and looked for in its copies."""

import json

import pytest

from eventhub.domain import jsontext
from eventhub.domain.redaction import TEXT, WHOLE, Mark, is_redacted, mark_of, masked, redact, redact_copy

MARK = Mark(1, "user:ann", "asked to")


def at(*paths: str) -> Mark:
    return Mark(1, "user:ann", "asked to", paths)


@pytest.mark.parametrize(
    ("detail", "paths", "left"),
    [
        ('{"a": {"b": 1, "c": 2}}', ["a.b"], '{"a": {"b": "[redacted]", "c": 2}}'),
        ('{"a": {"b": 1, "c": 2}}', ["a"], '{"a": "[redacted]"}'),
        ('{"a": [{"b": 1}, {"b": 2}, {"c": 3}]}', ["a.b"],
         '{"a": [{"b": "[redacted]"}, {"b": "[redacted]"}, {"c": 3}]}'),
        ('{"a": [[{"b": 1}]]}', ["a.b"], '{"a": [[{"b": "[redacted]"}]]}'),
        ('{"a": 1.50}', ["b", "a.c"], '{"a": 1.50}'),
        ('{"a": 1, "b": 2, "c": 3}', ["a", "c"], '{"a": "[redacted]", "b": 2, "c": "[redacted]"}'),
        ('{"a": null}', ["a"], '{"a": "[redacted]"}'),
    ],
)  # fmt: skip
def test_the_values_at_paths_are_taken_out(detail: str, paths: list[str], left: str) -> None:
    done = redact(detail.encode(), b"{}", at(*paths))

    assert jsontext.decode(done.detail) == jsontext.decode(left.encode())


def test_with_the_whole_detail_go_the_attributes_that_may_name_a_person() -> None:
    attributes = b'{"id":"7","subject":"zoe@example.com","sender-account":"123456789012"}'

    done = redact(b'{"a": "b"}', attributes, MARK)

    assert done.detail == WHOLE
    assert json.loads(done.attributes).keys() == {"sender-account", "eventhub-redaction"}
    assert mark_of(done.attributes) == MARK


def test_with_paths_the_attributes_stay() -> None:
    done = redact(b'{"a": "b"}', b'{"id":"7"}', at("a"))

    assert json.loads(done.attributes)["id"] == "7"


def test_a_second_redaction_adds_to_the_first() -> None:
    first = redact(b'{"a": "one", "b": "two"}', b"{}", at("a"))
    second = redact(first.detail, first.attributes, at("b"))
    whole = redact(second.detail, second.attributes, MARK)
    again = redact(whole.detail, whole.attributes, at("a"))

    mark = mark_of(second.attributes)
    assert mark is not None
    assert mark.paths == ("a", "b")
    assert second.detail == b'{"a":"[redacted]","b":"[redacted]"}'
    assert second.sought == ("two",)
    assert (whole.detail, again.detail) == (WHOLE, WHOLE)
    assert again.sought == ()
    last = mark_of(again.attributes)
    assert last is not None
    assert last.paths == ()


@pytest.mark.parametrize(
    "attributes",
    [b"{}", b'{"note":"eventhub-redaction"}', b'{"note":"\\"eventhub-redaction\\":"}'],
)
def test_no_producer_can_say_that_an_event_was_redacted(attributes: bytes) -> None:
    assert not is_redacted(attributes)


@pytest.mark.parametrize(
    "form",
    ["zoe+x@example.com", "zoe%2Bx%40example.com", "http://crm.example/zoe%2Bx%40example.com/in"],
)
def test_a_text_is_found_however_it_is_written(form: str) -> None:
    sought = redact(b'{"email": "zoe+x@example.com"}', b"{}", MARK).sought

    assert "zoe" not in masked(form, sought)


def test_short_texts_and_numbers_are_not_looked_for() -> None:
    assert redact(b'{"a": "de", "b": 443, "c": true, "d": null}', b"{}", MARK).sought == ()
    assert redact(b'{"a": 31415926, "b": 12.505}', b"{}", MARK).sought == ("31415926", "12.505")


def test_of_a_copy_what_it_was_and_not_what_it_said_is_kept() -> None:
    request = {
        "method": "POST",
        "url": "http://crm.example/zoe",
        "headers": {"X-To": "zoe"},
        "body": "Dear zoe",
        "bytes": 8,
        "message": "zoe",
    }

    kept = json.loads(redact_copy(json.dumps(request), ["zoe"]))

    assert kept == {
        "method": "POST",
        "url": "http://crm.example/[redacted]",
        "headers": {"X-To": TEXT},
        "body": TEXT,
        "bytes": 8,
        "message": TEXT,
    }


@pytest.mark.parametrize("body", ["envelope", ""])
def test_a_body_that_says_nothing_of_its_own_stays(body: str) -> None:
    assert json.loads(redact_copy(json.dumps({"body": body}), [])) == {"body": body}
