"""The admin, REST and EventBridge's door refuse the same things, for the models judge for all of them."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from django.test import Client

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.models import Bus, Rule, RuleTarget, Target
from tests.admin.conftest import ann  # noqa: F401 - the fixture
from tests.admin.test_configuration import target_form
from tests.api.door import Doors
from tests.api.test_put_events import client
from tests.rest.conftest import Api

SHOP = '{"source": ["shop"]}'
BROAD = '{"$or": [' + ", ".join(f'{{"a{n}": [1]}}' for n in range(1001)) + "]}"
HOURLY = "rate(1 hour)"
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"


class Three:
    """The three doors, each asked to make the same rule; what they answer is whether it was made."""

    def __init__(self, admin: Client, rest: Api, events: BaseClient) -> None:
        self.admin, self.rest, self.events = admin, rest, events

    def take(
        self, *, name: str = "sales", pattern: str = SHOP, schedule: str = "", bus: str = "default"
    ) -> list[bool]:
        """Ask each for a rule; take it back where it was made."""
        return [
            self._is_made(ask, name, pattern, schedule, bus)
            for ask in (self._by_admin, self._by_rest, self._by_door)
        ]

    def _is_made(self, ask: Callable[[str, str, str, Bus], None], *typed: str) -> bool:
        name, pattern, schedule, bus = typed
        before = set(Rule.objects.values_list("pk", flat=True))
        ask(name, pattern, schedule, Bus.objects.get(name=bus))
        made = Rule.objects.exclude(pk__in=before)
        is_made = made.exists()
        made.delete()
        return is_made

    def _by_admin(self, name: str, pattern: str, schedule: str, bus: Bus) -> None:
        form = {
            "name": name,
            "pattern": pattern,
            "schedule_expression": schedule,
            "enabled": "on",
            "bus": bus.pk,
        }
        rows = {"links-TOTAL_FORMS": 0, "links-INITIAL_FORMS": 0, "warned": ["everything", "costly"]}
        assert self.admin.post("/admin/eventhub/rule/add/", form | rows).status_code in (200, 302)

    def _by_rest(self, name: str, pattern: str, schedule: str, bus: Bus) -> None:
        body = {"bus": bus.name, "name": name, "pattern": pattern, "schedule_expression": schedule}
        assert self.rest("POST", "/rules", body).status_code in (201, 400)

    def _by_door(self, name: str, pattern: str, schedule: str, bus: Bus) -> None:
        asked = {"EventPattern": pattern, "ScheduleExpression": schedule}
        try:
            self.events.put_rule(
                Name=name, EventBusName=bus.name, **{key: text for key, text in asked.items() if text}
            )
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400  # noqa: PT017 - of either outcome


@pytest.fixture
def three(doors: Doors, ann: Client) -> Three:  # noqa: F811 - it is the fixture
    key, secret = mint("operator", [Scope.ADMIN])
    rest = Api(headers={"Authorization": f"Bearer {key.pk}.{secret}"})
    Bus.objects.create(name="other")
    return Three(ann, rest, client(doors, key.pk, secret))


class Case(NamedTuple):
    """A rule, and whether it may be."""

    fits: bool
    name: str = "sales"
    pattern: str = SHOP
    schedule: str = ""
    bus: str = "default"


CASES = {
    "plain": Case(True),
    "name-of-64": Case(True, name="n" * 64),
    "name-of-65": Case(False, name="n" * 65),
    "name-with-space": Case(False, name="two words"),
    "name-with-slash": Case(False, name="a/b"),
    "name-in-umlauts": Case(False, name="köln"),
    "name-of-all-characters": Case(True, name="a.B-_9"),
    "neither-pattern-nor-schedule": Case(False, pattern=""),
    "no-json": Case(False, pattern="{"),
    "empty-object": Case(False, pattern="{}"),
    "empty-list": Case(False, pattern='{"source": []}'),
    "text-for-list": Case(False, pattern='{"source": "shop"}'),
    "unknown-operator": Case(False, pattern='{"source": [{"like": "shop"}]}'),
    "operator-of-the-wrong-type": Case(False, pattern='{"source": [{"prefix": 1}]}'),
    "numeric-out-of-order": Case(False, pattern='{"a": [{"numeric": ["<", 5, ">", 1]}]}'),
    "numeric": Case(True, pattern='{"detail": {"a": [{"numeric": [">", 1, "<", 5]}]}}'),
    "too-many-stars": Case(False, pattern='{"source": [{"wildcard": "*a*a*a*a*a*a*a*a*a*a*a*"}]}'),
    "pattern-of-4096": Case(True, pattern='{"source": ["' + "x" * (4096 - 16) + '"]}'),
    "pattern-of-4097": Case(False, pattern='{"source": ["' + "x" * (4097 - 16) + '"]}'),
    "or-of-one": Case(False, pattern='{"$or": [{"a": [1]}]}'),
    "too-many-branches": Case(False, pattern=BROAD),
    "rate": Case(True, pattern="", schedule=HOURLY),
    "cron": Case(True, pattern="", schedule="cron(0 12 ? * MON-FRI *)"),
    "both": Case(True, schedule=HOURLY),
    "rate-of-none": Case(False, pattern="", schedule="rate(0 hours)"),
    "rate-in-the-wrong-number": Case(False, pattern="", schedule="rate(1 hours)"),
    "rate-of-no-unit": Case(False, pattern="", schedule="rate(1)"),
    "cron-of-five-fields": Case(False, pattern="", schedule="cron(0 12 * * ?)"),
    "cron-of-two-days": Case(False, pattern="", schedule="cron(0 12 1 * MON *)"),
    "no-schedule-at-all": Case(False, pattern="", schedule="hourly"),
    "schedule-on-another-bus": Case(False, pattern="", schedule=HOURLY, bus="other"),
    "pattern-on-another-bus": Case(True, bus="other"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_rule_is_taken_or_refused_by_all_alike(three: Three, case: Case) -> None:
    took = three.take(name=case.name, pattern=case.pattern, schedule=case.schedule, bus=case.bus)

    assert took == [case.fits] * 3


TRANSFORMS: dict[str, tuple[bool, Any]] = {
    "input": (True, {"Input": '{"a": 1}'}),
    "path": (True, {"InputPath": "$.detail"}),
    "template": (True, {"InputTransformer": {"InputPathsMap": {"a": "$.id"}, "InputTemplate": '{"a": <a>}'}}),
    "two-at-once": (False, {"Input": "{}", "InputPath": "$.detail"}),
    "path-without-dollar": (False, {"InputPath": "detail"}),
    "unknown-name": (False, {"InputTransformer": {"InputPathsMap": {"a": "$.id"}, "InputTemplate": "<b>"}}),
    "reserved-name": (
        False,
        {"InputTransformer": {"InputPathsMap": {"aws.x": "$.id"}, "InputTemplate": "<aws.x>"}},
    ),
}


@pytest.mark.parametrize(("fits", "transform"), TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_transform_is_taken_or_refused_by_all_alike(three: Three, fits: bool, transform: Any) -> None:
    bus, took = Bus.objects.get(name="default"), []
    target = Target.objects.create(name="q", kind="sqs", config={"arn": QUEUE})

    form = {"bus": bus.pk, "name": "a", "pattern": SHOP, "links-TOTAL_FORMS": 1, "links-INITIAL_FORMS": 0}
    links = {"links-0-target": target.pk, "links-0-transform": json.dumps(transform)}
    three.admin.post("/admin/eventhub/rule/add/", form | links)
    took.append(Rule.objects.filter(name="a").exists())
    body = {"bus": "default", "name": "b", "targets": ["q"], "transforms": {"q": transform}}
    three.rest("POST", "/rules", body | {"pattern": json.loads('{"source": ["till"]}')})
    took.append(Rule.objects.filter(name="b").exists())
    three.events.put_rule(Name="c", EventPattern='{"source": ["crm"]}')
    try:
        answer = three.events.put_targets(Rule="c", Targets=[{"Id": "q", "Arn": QUEUE} | transform])
    except ClientError:
        answer = {"FailedEntryCount": 1}
    took.append(RuleTarget.objects.filter(rule__name="c").exists())

    assert took == [fits] * 3
    assert bool(answer["FailedEntryCount"]) is not fits


TARGETS: dict[str, tuple[bool, str, int, int]] = {  # what fits, the queue, retries and age
    "plain": (True, QUEUE, 184, 86_400),
    "no-retries": (True, QUEUE, 0, 60),
    "too-many-retries": (False, QUEUE, 186, 86_400),
    "too-old": (False, QUEUE, 184, 604_801),
    "no-queue": (False, "arn:aws:sqs:eu-west-1:orders", 184, 86_400),
    "another-service": (False, "arn:aws:s3:::orders", 184, 86_400),
}


@pytest.mark.parametrize(("fits", "arn", "retries", "age"), TARGETS.values(), ids=TARGETS)
def test_a_target_is_taken_or_refused_by_all_alike(
    three: Three, fits: bool, arn: str, retries: int, age: int
) -> None:
    limits = {"max_attempts": retries + 1, "max_age_seconds": age}

    form = target_form(name="a", kind="sqs", config_arn=arn, **limits)
    three.admin.post("/admin/eventhub/target/add/?kind=sqs", form)
    three.rest("POST", "/targets", {"name": "b", "kind": "sqs", "config": {"arn": arn}, **limits})
    three.events.put_rule(Name="c", EventPattern=SHOP)
    policy = {"MaximumRetryAttempts": retries, "MaximumEventAgeInSeconds": age}
    try:
        three.events.put_targets(Rule="c", Targets=[{"Id": "q", "Arn": arn, "RetryPolicy": policy}])
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400  # noqa: PT017 - of either outcome

    made = set(Target.objects.values_list("name", flat=True))
    assert made == ({"a", "b", "c.q"} if fits else set())
