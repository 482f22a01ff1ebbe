import base64

from eventhub.domain.fault import ReasonClass
from eventhub.targets.exchange import verdict_of
from eventhub.targets.http import Reply, Request
from eventhub.targets.shown import secrets_of, shown_response
from eventhub.targets.verdict import Decision, Fault


def test_an_attempt_shows_what_came_back():
    reply = Reply(1, 2, status=503, reason="Busy", headers=[("Retry-After", "5")], body="nächste".encode())

    assert shown_response(reply) == {
        "status": 503,
        "reason": "Busy",
        "headers": {"Retry-After": "5"},
        "body": "nächste",
    }


def test_a_body_that_is_no_text_is_shown_in_base64():
    reply = Reply(1, 2, status=200, body=b"\xff\x00\xfe")

    assert base64.b64decode(str(shown_response(reply)["body_base64"])) == b"\xff\x00\xfe"


def test_a_body_that_is_no_text_is_not_shown_where_a_secret_might_be_in_it():
    reply = Reply(1, 2, status=200, body=b"\xff\x00hunter22")

    assert shown_response(reply, ["hunter22"])["body"] == "10 bytes that are no text"


def test_a_text_cut_within_a_character_is_still_text():
    reply = Reply(1, 2, status=200, body="ää".encode()[:3], cut=True)

    assert shown_response(reply)["body"] == "ä"
    assert shown_response(reply)["cut"] is True


def test_nothing_is_shown_where_nothing_came():
    assert shown_response(Reply(1, 2, fault=Fault.CONNECT, error="refused")) == {}


def test_a_fault_after_the_status_is_still_a_fault():
    reply = Reply(1, 2, status=200, fault=Fault.TIMEOUT, error="too long")

    verdict = verdict_of(reply, Request("http://x/", [], b"", 1.0))

    assert (verdict.decision, verdict.fault) == (Decision.RETRY, ReasonClass.NETWORK)


def test_a_credential_in_the_address_is_masked_wherever_it_is_repeated():
    request = Request("https://x.example/hook?shop=7&api_key=k%2Fey99", [], b"", 1.0)
    reply = Reply(1, 2, status=404, reason="no k%2Fey99", body=b"POST /hook?shop=7&api_key=k/ey99")

    kept = (verdict_of(reply, request).reason, shown_response(reply, secrets_of(request)))

    assert "ey99" not in str(kept)
    assert "shop=7" in str(kept)
