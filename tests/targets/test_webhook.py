import base64

from eventhub.domain.fault import ReasonClass
from eventhub.targets.exchange import verdict_of
from eventhub.targets.http import Reply, Request
from eventhub.targets.shown import shown_response
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
