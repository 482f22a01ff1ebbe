"""``manage.py changepassword``: Django's own, with the change, and never the password, in the audit trail."""

import getpass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands import changepassword
from django.db import transaction

from eventhub.models import Subject, recorded


class Command(changepassword.Command):
    """Change a person's password."""

    def handle(self, *args: Any, **options: Any) -> Any:
        users = get_user_model()
        name = options["username"] or getpass.getuser()  # as Django takes it
        pks = users.objects.filter(username=name).values_list("pk", flat=True)
        subjects = [Subject(users, pk) for pk in pks]
        with transaction.atomic(), recorded(*subjects):
            return super().handle(*args, **options)
