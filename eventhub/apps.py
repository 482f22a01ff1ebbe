"""The Django application."""

from django.apps import AppConfig


class EventhubConfig(AppConfig):
    """Eventhub itself; its journal is an application of its own because its tables are not Django's."""

    name = "eventhub"
    default = True

    def ready(self) -> None:
        """Register the system checks."""
        from eventhub import checks  # noqa: F401 - importing registers them
