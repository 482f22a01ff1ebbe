"""``manage.py createsuperuser``: Django's own, with the person in the audit trail."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands import createsuperuser
from django.db import transaction

from eventhub.models import record_created


class Command(createsuperuser.Command):
    """Make an administrator."""

    def handle(self, *args: Any, **options: Any) -> Any:
        users = get_user_model().objects
        newest = users.order_by("-pk").first()
        with transaction.atomic():
            said = super().handle(*args, **options)
            for user in users.filter(pk__gt=newest.pk if newest else 0):
                record_created(user)
        return said
