"""The page on EventBridge's API tells of every operation, and every one is answered."""

import re

import pytest
from django.test import Client

from eventhub.api.eventbridge.model import service
from eventhub.api.eventbridge.operations import ANSWERED


@pytest.mark.django_db
def test_every_operation_is_answered_and_told_of(admin_client: Client) -> None:
    page = admin_client.get("/docs/eventbridge/").content.decode()
    told = set(re.findall("<code>([A-Za-z]+)</code>", page)) & service().inputs.keys()

    assert told == {*ANSWERED, "PutEvents", "PutPartnerEvents"} == service().inputs.keys()
