"""Any file, with any one value of it replaced by any other: refused or taken, and told without a failure."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import ALL_SCOPES
from eventhub.api.eventbridge.operations import ANSWERED
from eventhub.api.importing import documents
from eventhub.api.importing.report import ImportRefusedError
from eventhub.domain.policy import allows
from eventhub.flow import as_values, as_yaml
from eventhub.models import Bus, Rule
from tests.importing.conftest import Importing
from tests.importing.samples import AWS_ANSWERS, OWN, PLAN, TEMPLATE

ODD: list[Any] = [None, True, 5, -1.5, "", "a b", "x" * 600, [], [5], [None], {}, {"x": 5}, {"Ref": "no"}]
BACKSTOP = "wanted values that can be worked with"  # what a fault of ours is told as
PARAMETERS = {"Secret": "hush"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to each value."""
    if path:
        yield path
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, one in members:
        yield from places(one, (*path, key))


def with_other(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the document with another value at a place."""
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


def without(document: Any, path: tuple[Any, ...]) -> Any:
    """Return the document without what is at a place."""
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return changed


def everything_can_be_told() -> None:
    """List all over EventBridge's door, ask the policies, and export."""
    caller = Caller(CallerKind.USER, "ann", ALL_SCOPES)
    ANSWERED["ListEventBuses"]({}, caller)
    ANSWERED["ListConnections"]({}, caller)
    ANSWERED["ListApiDestinations"]({}, caller)
    ANSWERED["ListEndpoints"]({}, caller)
    for bus in Bus.objects.all():
        allows(bus.policy, account="111122223333", action="events:PutEvents", resource="x", known={})
        ANSWERED["ListRules"]({"EventBusName": bus.name}, caller)
        for key in bus.tags:
            assert isinstance(bus.tags[key], str)
    for rule in Rule.objects.select_related("bus"):
        named = {"Rule": rule.name, "EventBusName": rule.bus.name}
        json.dumps(ANSWERED["ListTargetsByRule"](named, caller))
        ANSWERED["DescribeRule"]({"Name": rule.name, "EventBusName": rule.bus.name}, caller)
    assert documents.read(as_yaml.write(as_values.document(as_values.told()))) is not None


def taken_or_refused(importing: Importing, document: Any) -> None:
    text = "\n".join(map(json.dumps, document)) if document.__class__ is list else json.dumps(document)
    with transaction.atomic():
        try:
            report = importing(text, parameters=PARAMETERS)
        except ImportRefusedError as error:
            told = str(error)
        else:
            told = "\n".join(one.text for one in report.refused)
            assert all(one.where and one.text for one in [*report.refused, *report.unsupported])
            list(report.lines())
            json.dumps(report.document())
            if report.is_applied:
                everything_can_be_told()
        assert BACKSTOP not in told
        transaction.set_rollback(True)


@pytest.mark.whole
@pytest.mark.django_db
@pytest.mark.timeout(600)
@pytest.mark.parametrize("document", [OWN, TEMPLATE, AWS_ANSWERS, PLAN], ids=["own", "cfn", "aws", "plan"])
def test_no_value_in_any_place_breaks_an_import(importing: Importing, document: Any):
    for number, path in enumerate(places(document)):
        value = ODD[number % len(ODD)]
        try:
            taken_or_refused(importing, with_other(document, path, value))
        except Exception as error:
            raise AssertionError(f"{path}: {value!r:.40}") from error
        taken_or_refused(importing, without(document, path))


@pytest.mark.django_db
@pytest.mark.parametrize("document", [OWN, TEMPLATE, AWS_ANSWERS, PLAN], ids=["own", "cfn", "aws", "plan"])
def test_the_samples_are_taken_as_they_are(importing: Importing, document: Any):
    text = "\n".join(map(json.dumps, document)) if document.__class__ is list else json.dumps(document)

    report = importing(text, parameters=PARAMETERS)

    assert (report.refused, report.is_applied) == ([], True)
    everything_can_be_told()
    assert importing(text, parameters=PARAMETERS).changes == []
