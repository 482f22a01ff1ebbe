"""``manage.py export_rules``: buses, rules and what they deliver to, as text that can live in git."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from eventhub.api.importing import documents, state


class Command(BaseCommand):
    """Write the configuration to standard output."""

    help = (
        "Write buses, connections, API destinations, targets, archives and rules as YAML, which import_rules "
        "reads. Secrets are not told, only which are to be given."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        with transaction.atomic():
            said = state.document(state.told())
        self.stdout.write(documents.write(said), ending="")
