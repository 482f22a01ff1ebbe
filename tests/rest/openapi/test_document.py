"""The document is valid, says everything of every address, and nothing of others."""

import json
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from eventhub.api.openapi import doors
from eventhub.api.openapi.resources import OPERATIONS
from eventhub.api.openapi.shape import Schema
from tests.rest.conftest import Api, assert_problem
from tests.rest.openapi.reading import examples_of, operations_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(api: Api) -> Any:
    response = api("GET", "/schema/")
    assert response.status_code == 200, response.content
    return response.json()


def test_it_is_openapi_3_1_and_valid(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    errors = list(OpenAPIV31SpecValidator(document).iter_errors())
    assert not errors, errors[0]


def test_it_says_everything_of_every_address_and_nothing_of_others(document: Any) -> None:
    described = {(method, path) for method, path, _ in operations_of(document)}

    assert described == set(OPERATIONS) | set(doors.OPERATIONS)


def test_every_operation_is_described_whole(document: Any) -> None:
    names: list[str] = []
    for method, path, operation in operations_of(document):
        where = f"{method} {path}"
        names.append(operation["operationId"])
        assert operation["summary"], where
        assert len(operation["description"]) > 20, where
        [tag] = operation["tags"]
        assert tag in {one["name"] for one in document["tags"]}, where
        responses = operation["responses"]
        assert {"400", "401", "403", "406", "429", "500", "503"} <= set(responses), where
        assert [status for status in responses if status[0] == "2"], where
        for parameter in operation["parameters"]:
            assert parameter["description"], f"{where}: {parameter['name']}"
            assert parameter["in"] != "path" or "example" in parameter, f"{where}: {parameter['name']}"
        placed = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert placed == {part[1:-1] for part in path.split("/") if part.startswith("{")}, where
        if "requestBody" in operation:
            assert examples_of(operation), where
        for status, response in responses.items():
            if status[0] == "2" and status != "204" and "stream" not in path:
                [content] = response["content"].values()
                assert "example" in content, f"{where}: {status}"
                assert "schema" in content, f"{where}: {status}"
    assert len(names) == len(set(names))


def test_every_shape_is_described_and_used(document: Any) -> None:
    text = json.dumps(document)
    for name, shape in document["components"]["schemas"].items():
        assert shape.get("description"), name
        assert f'"#/components/schemas/{name}"' in text, f"{name} is used nowhere"


def test_every_reference_leads_somewhere(document: Any) -> None:
    def references(value: Any) -> Any:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in references(document):
        found: Schema = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]


def test_it_is_yaml_for_who_asks_for_it(api: Api, document: Any) -> None:
    response = api("GET", "/schema", HTTP_ACCEPT="application/yaml")

    assert response.headers["Content-Type"].startswith("application/yaml")
    assert yaml.load(response.content, yaml.CSafeLoader) == document


def test_it_is_for_anybody_with_credentials_and_its_errors_are_problems(api: Api) -> None:
    assert_problem(Api()("GET", "/schema/"), 401)
    assert_problem(Api()("GET", "/schema/", HTTP_ACCEPT="application/yaml"), 401)
    assert_problem(api("GET", "/schema/", HTTP_ACCEPT="text/html"), 406)
