"""The sender's account: of events that the key of another account put."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from eventhub.domain import jsontext
from eventhub.journal.port import NewEvent

# No name of a CloudEvents attribute has a hyphen, so producers cannot say it.
_ACCOUNT = "sender-account"
_MARK = f'"{_ACCOUNT}"'.encode()  # looked for first: decoding costs each event, and few have it


def from_account(attributes: Mapping[str, Any], account: str) -> dict[str, Any]:
    """Return an event's attributes with the account of the key that puts it."""
    return {**attributes, _ACCOUNT: account}


def account_of(event: NewEvent) -> str:
    """Return the account that an event is from, as its envelope says it; ours unless another put it."""
    if _MARK in event.attributes:
        return str(jsontext.decode(event.attributes).get(_ACCOUNT, settings.ACCOUNT_ID))
    return str(settings.ACCOUNT_ID)
