import base64
from uuid import UUID

from eventhub.domain.fault import ReasonClass
from eventhub.targets import webhook
from eventhub.targets.http import Reply
from eventhub.targets.verdict import Decision, Fault

EVENT = UUID("0192f3c7-a1b2-7000-8000-000000000000")


def test_a_delivery_keeps_its_webhook_id_and_shares_it_with_no_other():
    assert webhook.webhook_id(EVENT, 7) == webhook.webhook_id(EVENT, 7)
    assert webhook.webhook_id(EVENT, 7) != webhook.webhook_id(EVENT, 8)
    assert "." not in webhook.webhook_id(EVENT, 7)


def test_an_attempt_shows_its_request_without_a_copy_of_the_envelope():
    shown = webhook.shown_request("http://x/y", 2000, "7")

    assert (shown["method"], shown["url"], shown["body"], shown["bytes"]) == (
        "POST",
        "http://x/y",
        "envelope",
        2000,
    )
    assert shown["headers"]["webhook-id"] == "7"
    assert shown["headers"]["Content-Type"] == "application/json"
    assert len(str(shown)) < 300


def test_an_attempt_shows_what_came_back():
    reply = Reply(1, 2, status=503, reason="Busy", headers=[("Retry-After", "5")], body="nächste".encode())

    assert webhook.shown_response(reply) == {
        "status": 503,
        "reason": "Busy",
        "headers": {"Retry-After": "5"},
        "body": "nächste",
    }


def test_a_body_that_is_no_text_is_shown_in_base64():
    reply = Reply(1, 2, status=200, body=b"\xff\x00\xfe")

    assert base64.b64decode(webhook.shown_response(reply)["body_base64"]) == b"\xff\x00\xfe"


def test_a_text_cut_within_a_character_is_still_text():
    reply = Reply(1, 2, status=200, body="ää".encode()[:3], cut=True)

    assert webhook.shown_response(reply)["body"] == "ä"
    assert webhook.shown_response(reply)["cut"] is True


def test_nothing_is_shown_where_nothing_came():
    assert webhook.shown_response(Reply(1, 2, fault=Fault.CONNECT, error="refused")) == {}


def test_a_fault_after_the_status_is_still_a_fault():
    reply = Reply(1, 2, status=200, fault=Fault.TIMEOUT, error="too long")

    verdict = webhook.verdict(reply)

    assert (verdict.decision, verdict.fault) == (Decision.RETRY, ReasonClass.NETWORK)
