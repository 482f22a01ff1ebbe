"""The journal as a Django application: an unmigrated one, whose tables come from the engines."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """The journal."""

    name = "eventhub.journal"
    label = "journal"
