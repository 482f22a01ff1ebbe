"""The page on EventBridge's API says what is answered, and of nothing else that it is."""

import re

import pytest
from django.test import Client

from eventhub.api.eventbridge.model import service
from eventhub.api.eventbridge.operations import ANSWERED


@pytest.mark.django_db
def test_every_operation_is_told_of_once_on_the_side_where_it_belongs(admin_client: Client) -> None:
    is_answered = {*ANSWERED, "PutEvents", "PutPartnerEvents"}
    page = admin_client.get("/docs/eventbridge/").content.decode()
    answered, _, missing = page.partition('id="not-yet"')

    def told(text: str) -> set[str]:
        return set(re.findall("<code>([A-Za-z]+)</code>", text)) & service().inputs.keys()

    assert told(answered) == is_answered
    assert told(missing) == service().inputs.keys() - is_answered
