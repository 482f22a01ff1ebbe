"""The pages about targets and delivering say what is true: figures and examples are held against the code."""

import html
import json
import re
from pathlib import Path

import pytest
from django.test import Client

from eventhub.dashboard.reference import entries
from eventhub.domain.retry import STANDARD_WEBHOOKS, RetryPolicy, Schedule, default_age_seconds
from eventhub.domain.transform import RESERVED, Context, parse_transform
from eventhub.models import Connection, Target
from eventhub.targets import credentials
from eventhub.targets.kinds import KINDS, check_settings, kind_of
from eventhub.targets.verdict import Decision, of_status
from tests.domain.build import envelope

pytestmark = pytest.mark.django_db

PAGES = Path("templates/docs")


def page(name: str) -> str:
    return html.unescape((PAGES / f"{name}.html").read_text(encoding="utf-8"))


def example(name: str) -> dict[str, object]:
    """The JSON of a page's example of a request."""
    found = re.search(r'<pre id="example"><code>POST \S+\n(.*?)</code>', page(name), re.DOTALL)
    assert found
    value: dict[str, object] = json.loads(found.group(1))
    return value


def test_every_kind_has_a_page_with_its_settings(admin_client: Client):
    names = {entry.name for entry in entries()}

    for kind in KINDS.values():
        assert f"targets/{kind.name}" in names
        text = admin_client.get(f"/docs/targets/{kind.name}").content.decode()
        assert kind.title in text
        for field in kind.fields:
            assert f'id="{field.name}"' in text, f"{kind.name}: {field.name}"


def test_the_kinds_are_listed(admin_client: Client):
    text = admin_client.get("/docs/targets").content.decode()

    assert all(f'href="/docs/targets/{name}"' in text for name in KINDS)


def test_the_template_of_kinds_is_no_page(admin_client: Client):
    assert admin_client.get("/docs/targets/_kind").status_code == 404


@pytest.mark.parametrize(
    ("row", "statuses", "decision"),
    [
        ("2xx</td><td>delivered", (200, 204), Decision.DELIVERED),
        ("408, 425, 429, 5xx</td><td>retry", (408, 425, 429, 500, 503), Decision.RETRY),
        ("3xx</td><td>give up", (301, 308), Decision.GIVE_UP),
        ("410</td><td>give up", (410,), Decision.GIVE_UP),
        ("any other 4xx</td><td>give up", (400, 404, 422), Decision.GIVE_UP),
    ],
)
def test_the_table_of_outcomes_is_that_of_deliveries(row: str, statuses: tuple[int, ...], decision: Decision):
    assert row in page("delivery/index")
    assert {of_status(status).decision for status in statuses} == {decision}


def test_the_policy_is_the_one_that_applies():
    text, policy = page("delivery/index"), RetryPolicy()

    assert f"<code>max_attempts</code> ({policy.max_attempts} unless set)" in text
    assert f"({policy.max_age_seconds}, a day)" in text
    assert str(default_age_seconds(Schedule.STANDARD_WEBHOOKS)) in text
    units = {"s": 1, "min": 60, "h": 3600}
    waits = re.search(r"<td>(5 s, .*?);", text)
    assert waits
    told = [wait.split() for wait in waits.group(1).split(", ")]
    assert tuple(int(number) * units[unit] for number, unit in told) == STANDARD_WEBHOOKS
    for value, label in Target.Format.choices:
        assert f"<code>{value}</code>" in text, label


def test_the_limits_have_the_defaults_that_the_page_says():
    text, target = page("delivery/flow-control"), Target()

    assert f"({target.max_in_flight} unless set)" in text
    assert f"({target.circuit_failures}; 0: never)" in text
    assert f"before each probe ({target.circuit_wait_seconds})" in text


def test_the_example_of_a_target_is_one():
    told = example("targets/index")

    config = told["config"]
    assert isinstance(config, dict)
    assert check_settings(kind_of(str(told["kind"])), {**config, "url": told["url"]}) == {}


def test_the_example_of_a_connection_is_one():
    told = example("delivery/connections")

    config, secrets = told["config"], told["secrets"]
    assert isinstance(config, dict)
    assert isinstance(secrets, dict)
    assert credentials.check_connection(str(told["auth"]), config, secrets) == {}


def test_every_authorisation_is_described():
    assert all(f"<code>{auth}</code>" in page("delivery/connections") for auth in Connection.Auth.values)


def transforms() -> list[tuple[str, str]]:
    pattern = r'class="stored"><code>(.*?)</code></pre>\s*<pre class="payload"><code>(.*?)</code>'
    return re.findall(pattern, page("delivery/transforms"), re.DOTALL)


@pytest.mark.parametrize(("stored", "payload"), transforms())
def test_every_transform_makes_what_the_page_says(stored: str, payload: str):
    event = re.search(r'<pre id="event"><code>(.*?)</code>', page("delivery/transforms"), re.DOTALL)
    assert event
    detail = event.group(1).partition('"detail": ')[2].rstrip().removesuffix("}").encode()
    transform = parse_transform(json.loads(stored))
    assert transform is not None
    context = Context(rule_arn="arn", rule_name="big-orders", accepted_at=0)

    result = transform.apply(envelope(detail=detail), context=context)

    assert result.fault == ""
    assert result.body.decode() == payload


def test_every_reserved_variable_is_described():
    assert all(f"<code>{name}</code>" in page("delivery/transforms") for name in RESERVED)
