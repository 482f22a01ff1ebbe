"""``manage.py migrate``: Django's migrations, then the journal's."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangosMigrate
from django.db import DEFAULT_DB_ALIAS

from eventhub.journal import the_journal
from eventhub.journal.port import JournalUnavailable


class Command(DjangosMigrate):
    help = "Updates the configuration's tables, then the journal's."

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        only_looks = any(options[name] for name in ("plan", "check_unapplied", "app_label"))
        if options["database"] != DEFAULT_DB_ALIAS or only_looks:
            return
        try:
            the_journal().migrate()
        except JournalUnavailable as error:
            raise CommandError(f"the journal: {error}") from error
        if options["verbosity"] > 0:
            self.stdout.write("The journal's tables are up to date.")
