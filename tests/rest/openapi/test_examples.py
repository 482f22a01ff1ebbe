"""Every example of the document is executed on the installation that it is of, and answered as it says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from django.db import connections, transaction
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from eventhub.api.cloudevents import cloudevents
from eventhub.api.ingest import ingest
from eventhub.api.openapi import doors
from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.sqlite import SqliteJournal
from tests.api.door import Call, Doors
from tests.rest.conftest import Api
from tests.rest.openapi import installation
from tests.rest.openapi.reading import examples_of, operations_of

SPEC = "urn:eventhub:document"


@pytest.fixture
def house(journal: SqliteJournal) -> Iterator[None]:
    process.install(Parts(journal, RulebookKeeper()))
    installation.build()
    yield
    process.uninstall()
    connections["journal"].close()


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    """Hold what was read once."""
    return {}


@pytest.fixture
def document(api: Api, documents: dict[str, Any]) -> Any:
    if not documents:
        documents |= api("GET", "/schema/").json()
    return documents


def assert_of_shape(document: Any, schema: Any, value: Any) -> None:
    """Assert that a value is as a schema of the document says."""
    registry = Registry().with_resource(SPEC, Resource.from_contents(document, DRAFT202012))
    rooted = json.loads(json.dumps(schema).replace('"#/', f'"{SPEC}#/'))
    validator = Draft202012Validator(rooted, registry=registry, format_checker=FormatChecker())
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert not errors, errors


def assert_alike(shown: Any, found: Any, where: str) -> None:
    """Assert that an example has the members of the real answer, and values of its kinds."""
    if isinstance(shown, dict) and isinstance(found, dict):
        if where.rpartition(".")[2].removesuffix("[]") in FREE or where == "file":
            return
        assert set(shown) == set(found), where
        for name, value in shown.items():
            assert_alike(value, found[name], f"{where}.{name}")
    elif isinstance(shown, list) and isinstance(found, list):
        for one, other in zip(shown, found, strict=False):
            assert_alike(one, other, f"{where}[]")
    elif shown is not None and found is not None:
        numbers = isinstance(shown, int | float) and isinstance(found, int | float)
        assert type(shown) is type(found) or numbers, f"{where}: {shown!r}, {found!r}"


FREE = {
    "phases",
    "request",
    "response",
    "skips",
    "members",
    "filter",
    "config",
    "pattern",
    "transforms",
    "before",
    "after",
    "differences",
    "targets",
}


def address(operation: Any, path: str, query: dict[str, Any]) -> str:
    """Return the address of an example; slashes in names as the test's client needs them."""
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            value = quote(quote(str(parameter["example"]), safe=""), safe="")
            path = path.replace(f"{{{parameter['name']}}}", value)
    said = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    return path.removeprefix("/api") + (f"?{urlencode(said)}" if said else "")


def test_every_example_is_answered_as_it_says(
    house: None, api: Api, document: Any, subtests: pytest.Subtests
) -> None:
    # What is cancelled stays so: the journal is not taken back.
    for method, path, operation in sorted(operations_of(document), key=lambda one: "cancel" in one[1]):
        if (method, path) in doors.OPERATIONS:
            continue
        for name, body in (examples_of(operation) or {"as it is": None}).items():
            with subtests.test(operation["operationId"], example=name), taken_back():
                try_example(api, document, method, path, body)


@contextmanager
def taken_back() -> Iterator[None]:
    """Undo what is configured: one installation is enough for all examples."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def try_example(api: Api, document: Any, method: str, path: str, body: Any) -> None:
    operation = document["paths"][path][method.lower()]
    content_type = "application/json"
    if "requestBody" in operation:
        content_type, content = next(iter(operation["requestBody"]["content"].items()))
        assert_of_shape(document, content["schema"], body)
    query = {
        one["name"]: one["example"]
        for one in operation["parameters"]
        if "example" in one and one["in"] == "query" and method != "GET"
    }
    if content_type == "application/yaml":
        body = yaml.safe_dump(body).encode()
    prepare(api, operation["operationId"])

    response = api(method, address(operation, path, query), body, content_type=content_type)

    status = str(response.status_code)
    assert status[0] == "2", response.content
    assert status in operation["responses"], response.content
    assert_documented(document, operation["responses"][status], response)


def assert_documented(document: Any, documented: Any, response: Any) -> None:
    """Assert that an answer is as it is documented, and that its example is like it."""
    assert set(documented.get("headers", {})) <= set(response.headers)
    if "content" not in documented:
        assert response.content == b""
        return
    [(content_type, content)] = documented["content"].items()
    assert response.headers["Content-Type"].partition(";")[0] == content_type
    assert_of_shape(document, content["schema"], content["example"])
    found = response.json() if content_type == "application/json" else yaml.safe_load(response.content)
    assert_of_shape(document, content["schema"], found)
    assert_alike(content["example"], found, "file" if content_type == "application/yaml" else "")


def prepare(api: Api, operation: str) -> None:
    """Bring about the state that an action is for."""
    before = {
        "resume_redrive": ("/redrives/1/pause",),
        "delete_bus": (
            "/archives/sales DELETE",
            "/global-endpoints/main DELETE",
            "/targets/back DELETE",
        ),
        "delete_target": ("/rules/7 DELETE",),
        "delete_connection": (
            "/targets/crm DELETE",
            "/targets/records DELETE",
            "/api-destinations/crm-orders DELETE",
        ),
        "delete_api_destination": ("/targets/crm DELETE",),
        "activate_partner_event_source": ("/buses BUS",),
        "deactivate_partner_event_source": ("/buses BUS",),
    }
    for step in before.get(operation, ()):
        path, _, how = step.partition(" ")
        if how == "BUS":
            assert api("POST", path, {"name": installation.SOURCE}).status_code == 201
            if operation.startswith("activate"):
                name = quote(quote(installation.SOURCE, safe=""), safe="")
                assert api("POST", f"/partner-sources/{name}/deactivate").status_code == 200
        else:
            assert api(how or "POST", path).status_code in {200, 204, 409}  # 409: it is so already


def test_every_filter_and_order_takes_its_example(
    house: None, api: Api, document: Any, subtests: pytest.Subtests
) -> None:
    for method, path, operation in operations_of(document):
        if method != "GET" or (method, path) in doors.OPERATIONS:
            continue
        for parameter in operation["parameters"]:
            if parameter["in"] != "query" or "example" not in parameter:
                continue
            with subtests.test(operation["operationId"], parameter=parameter["name"]):
                query = {parameter["name"]: parameter["example"]}
                response = api("GET", address(operation, path, query))

                assert response.status_code == 200, response.content
                [content] = operation["responses"]["200"]["content"].values()
                assert_of_shape(document, content["schema"], response.json())
                assert response.json()["items"], "the example of a filter finds something"


def test_headers_of_conditions_are_answered_as_they_say(house: None, api: Api, document: Any) -> None:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            names = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
            if "If-Match" in names and method in {"patch", "put"}:
                body = next(
                    iter(next(iter(operation["requestBody"]["content"].values()))["examples"].values())
                )
                response = api(
                    method.upper(), address(operation, path, {}), body["value"], HTTP_IF_MATCH='"no"'
                )
                assert response.status_code == 412, (path, response.content)
            # When a key was used last is news of its own, and moves with these very requests.
            if "If-None-Match" in names and path != "/api/keys":
                where = address(operation, path, {})
                tag = api("GET", where).headers["ETag"]
                assert api("GET", where, HTTP_IF_NONE_MATCH=tag).status_code == 304, path


DOORS = {"put_events": ingest, "put_cloudevents": cloudevents}


def test_every_example_of_the_doors_is_answered_as_it_says(
    house: None, journal: SqliteJournal, api: Api, document: Any, subtests: pytest.Subtests
) -> None:
    for method, path in doors.OPERATIONS:
        operation = document["paths"][path][method.lower()]
        for name, body in examples_of(operation).items():
            with subtests.test(operation["operationId"], example=name):
                content_type, content = next(iter(operation["requestBody"]["content"].items()))
                assert_of_shape(document, content["schema"], body)
                headers = api.headers | {"Content-Type": content_type}
                headers |= {
                    one["name"]: one["example"] for one in operation["parameters"] if one["in"] == "header"
                }
                where = "/api" + address(operation, path, {})
                text = json.dumps(body).encode()
                answer = Doors(journal).answer(Call(DOORS[operation["operationId"]], where, headers, [text]))
                documented = operation["responses"][str(answer.status)]["content"]["application/json"]
                assert_of_shape(document, documented["schema"], documented["example"])
                assert_of_shape(document, documented["schema"], answer.json)
                assert answer.json["failed"] == 0


def test_every_example_of_a_problem_is_of_the_one_shape(document: Any) -> None:
    for response in document["components"]["responses"].values():
        [content] = response["content"].values()
        assert_of_shape(document, content["schema"], content["example"])
