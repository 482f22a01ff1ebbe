"""A person in the admin."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client


@pytest.fixture
def ann() -> Client:
    """Return the browser of an administrator named ann."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("ann"))
    return client
