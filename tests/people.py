"""People with roles, and their browsers."""

from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client

from eventhub.models import Bus, Grant, Role


def person(
    name: str, role: Role | None = Role.VIEWER, *buses: Bus, sees_sensitive: bool = False, **members: Any
) -> Any:
    """Return a user with a role on these buses, without any named on every bus; None: without a role."""
    user, _ = get_user_model().objects.get_or_create(username=name, defaults=members)
    if role is not None:
        for bus in buses or (None,):
            Grant.objects.update_or_create(
                user=user, bus=bus, defaults={"role": role, "sees_sensitive": sees_sensitive}
            )
    return user


def browser_of(user: Any, **options: Any) -> Client:
    """Return a browser in which the user is signed in."""
    client = Client(**options)
    client.force_login(user)
    return client
