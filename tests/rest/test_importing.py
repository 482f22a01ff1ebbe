"""Importing and exporting over REST."""

from collections.abc import Callable

import pytest

from eventhub.access.scopes import Scope
from eventhub.models import Bus, Rule
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db

YAML = b"rules: [{name: large, pattern: {source: [shop]}}]"


def test_an_import_shows_then_changes(api: Api):
    shown = api("POST", "/import", YAML, content_type="application/yaml")

    assert shown.status_code == 200, shown.content
    (change,) = shown.json()["changes"]
    assert (change["change"], change["kind"], change["name"]) == ("added", "rule", "default/large")
    assert change["members"]["pattern"] == {"before": None, "after": '{"source": ["shop"]}'}
    assert not shown.json()["applied"]
    assert Rule.objects.count() == 0

    made = api("POST", "/import?apply=true", YAML, content_type="application/yaml")

    assert made.json()["applied"]
    assert Rule.objects.get().versions.get().made_by.startswith("key:")
    exported = api("GET", "/export")
    assert exported.headers["Content-Type"] == "application/yaml; charset=utf-8"
    again = api("POST", "/import?apply=true&prune=true", exported.content, content_type="text/plain")
    assert again.json()["changes"] == []


def test_a_refused_import_changes_nothing(api: Api):
    body = b"rules: [{name: a b, pattern: {a: [1]}}, {name: c, pattern: {a: [1]}}]"

    shown = api("POST", "/import", body).json()
    document = assert_problem(api("POST", "/import?apply=true", body), 400)

    assert [one["where"] for one in shown["refused"]] == ["rules[0].name"]
    assert [one["path"] for one in document["errors"]] == ["rules[0].name"]
    assert Rule.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"\xff", b"[", b"a: *b", b"nothing", b"rules: 1"])
def test_a_body_that_is_nothing_of_the_kind_is_refused(api: Api, body: bytes):
    assert_problem(api("POST", "/import", body, content_type="application/yaml"), 400)


@pytest.mark.parametrize("query", ["apply=yes", "parameter=x", "arn==y", "dry=true"])
def test_a_parameter_that_is_wrong_is_named(api: Api, query: str):
    document = assert_problem(api("POST", f"/import?{query}", YAML), 400)

    assert document["errors"][0]["path"] == query.partition("=")[0]


def test_only_administrators_of_everything_import_and_export(api: Api, key_api: Callable[..., Api]):
    for other in (
        key_api(Scope.RULES_WRITE, Scope.RULES_READ),
        key_api(Scope.ADMIN, buses=(Bus.objects.get(name="default"),)),
    ):
        assert_problem(other("POST", "/import", YAML), 403)
        assert_problem(other("GET", "/export"), 403)


def test_a_templates_parameters_and_arns_are_given_in_the_query(api: Api):
    template = b"""
Parameters: {Name: {Type: String}}
Resources:
  Task: {Type: "AWS::ECS::Task"}
  R:
    Type: AWS::Events::Rule
    Properties: {Name: !Ref Name, EventPattern: {a: [1]}, Targets: [{Id: t, Arn: !GetAtt Task.Arn}]}
"""
    query = "apply=true&parameter=Name=given&arn=Task=arn:aws:sqs:us-east-1:000000000000:q"

    answer = api("POST", f"/import?{query}", template, content_type="application/yaml")

    assert answer.json()["applied"], answer.content
    assert Rule.objects.get().name == "given"
    assert Rule.objects.get().links.get().target.config == {"arn": "arn:aws:sqs:us-east-1:000000000000:q"}
