"""The log kind writes one line for each event, at the level that it is told, and cuts what is long."""

import logging

import pytest

from eventhub.targets.kinds import check_settings
from eventhub.targets.log import LogKind
from tests.targets.orders import LOOPBACK, order_for


def fields(record: logging.LogRecord) -> dict[str, object]:
    found: dict[str, object] = record.__dict__["fields"]
    return found


def test_an_event_is_a_line(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "eventhub.target.log")

    result = LogKind().send(order_for(LogKind(), {"level": "warning"}, body=b'{"order":7}'), LOOPBACK)

    [record] = caplog.records
    assert (record.levelname, record.getMessage()) == ("WARNING", "event.logged")
    assert fields(record)["payload"] == '{"order":7}'
    assert fields(record)["source"] == "shop"
    assert result.verdict.decision == "delivered"


def test_a_long_payload_is_cut_and_says_so(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "eventhub.target.log")

    LogKind().send(order_for(LogKind(), {}, body=b"x" * 5000), LOOPBACK)

    [record] = caplog.records
    assert len(str(fields(record)["payload"])) == 4096
    assert fields(record)["cut"] is True


def test_there_are_four_levels():
    assert check_settings(LogKind(), {"level": "loud"})["level"].startswith("wanted debug or info")
