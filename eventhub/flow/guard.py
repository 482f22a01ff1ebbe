"""The address guard as the operator set it: one for saving, testing and delivering."""

from django.conf import settings

from eventhub.domain.addresses import AddressGuard


def guard_of_settings() -> AddressGuard:
    """Return which addresses targets may reach."""
    return AddressGuard(tuple(settings.ALLOWED_NETWORKS), loopback_allowed=settings.LISTENS_ON_LOOPBACK)
