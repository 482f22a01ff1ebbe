"""``manage.py export_rules``: buses, rules and what they deliver to, as text that can live in git."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from eventhub.flow import as_values, as_yaml


class Command(BaseCommand):
    """Write the configuration to standard output."""

    help = (
        "Write buses, connections, API destinations, targets, archives and rules as YAML, which import_rules "
        "reads. Secrets are not told, only which are to be given."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        with transaction.atomic():
            said = as_values.document(as_values.told())
        self.stdout.write(as_yaml.write(said), ending="")
