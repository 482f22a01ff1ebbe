"""The Django application."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class EventhubConfig(AppConfig):
    """Eventhub itself; its journal is an application of its own because its tables are not Django's."""

    name = "eventhub"
    default = True

    def ready(self) -> None:
        """Register the system checks."""
        from eventhub import checks  # noqa: F401 - importing registers them


class AdminConfig(admin.AdminConfig):
    """Django's admin with our site: its order and its way to sign in."""

    default = False  # chosen by name in INSTALLED_APPS
    default_site = "eventhub.dashboard.admin_site.EventhubSite"
