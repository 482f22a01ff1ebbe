"""Whatever is wrong with a request, the answer has the one shape of errors."""

import pytest

from eventhub.api.rest.media import MAX_BODY_BYTES
from tests.rest.conftest import Api, assert_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"name": }', "(byte 9)"),
        (b'{"name": "a", "name": "b"}', "the same key twice in one object"),
        (b"[]", "a JSON object was wanted, got array"),
        (b'{"name": "\xff"}', "not valid UTF-8"),
    ],
)
def test_a_body_that_is_not_the_json_wanted_is_refused_with_the_place(
    api: Api, body: bytes, said: str
) -> None:
    assert said in assert_problem(api("POST", "/buses", body), 400)["detail"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/buses/nope", "/rules/999", "/events/nope", "/deliveries/x", "/buses/%00"]
)
def test_an_address_with_nothing_is_404(api: Api, path: str) -> None:
    assert_problem(api("GET", path), 404)


def test_a_row_that_is_not_there_is_404_however_large_its_number(api: Api) -> None:
    assert_problem(api("GET", "/rules/" + "9" * 30), 404)


def test_a_method_that_is_not_for_the_address_is_405_and_says_which_are(api: Api) -> None:
    response = api("DELETE", "/buses")

    assert_problem(response, 405)
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_body_that_is_too_large_is_413(api: Api) -> None:
    body = b'{"name": "%s"}' % (b"x" * MAX_BODY_BYTES)

    assert_problem(api("POST", "/buses", body), 413)


def test_a_host_that_is_not_ours_is_refused_in_the_one_shape(api: Api) -> None:
    document = assert_problem(api("GET", "/buses", SERVER_NAME="evil.example"), 400)

    assert document["type"] == "urn:eventhub:problem:malformed"


def test_an_error_outside_of_the_views_is_500_in_the_one_shape(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("eventhub.api.rest.conditional.ConditionalReads.process_response", broken)
    api.client.raise_request_exception = False

    assert_problem(api("GET", "/buses"), 500)


def test_the_format_of_answers_is_not_asked_for_by_a_parameter(api: Api) -> None:
    assert_problem(api("GET", "/buses?format=xml"), 400)


def test_a_body_that_is_not_json_is_415(api: Api) -> None:
    assert_problem(api("POST", "/buses", b"name=x", content_type="application/x-www-form-urlencoded"), 415)


def test_a_client_that_takes_no_json_gets_406(api: Api) -> None:
    api.headers["Accept"] = "text/html"

    assert_problem(api("GET", "/buses"), 406)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/events?sauce=shop", "sauce"),
        ("/events?source=%00", "source"),
        ("/events?limit=0", "limit"),
        ("/events?limit=1001", "limit"),
        ("/events?after=yesterday", "after"),
        ("/deliveries?state=lost", "state"),
        ("/deliveries?event_id=7", "event_id"),
        ("/rules?limit=many", "limit"),
        ("/rules?after=ffff", "after"),
        ("/rules?nome=x", "nome"),
        ("/rules?enabled=yes", "enabled"),
        ("/rules?order=size", "order"),
        ("/rules?order=name&after=17", "after"),
        ("/events?order=name", "order"),
        ("/redrives?order=name", "order"),
        ("/redrives?order=", "order"),
        ("/attempts?since=yesterday", "since"),
        ("/attempts?delivery_id=x", "delivery_id"),
    ],
)
def test_a_wrong_parameter_is_named(api: Api, path: str, parameter: str) -> None:
    assert assert_problem(api("GET", path), 400)["errors"][0]["path"] == parameter
