"""``manage.py tail``: a bus's events as they come."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from eventhub.access.scopes import Scope
from eventhub.management.client import hub, shown, since
from eventhub.management.client.ending import until_told
from eventhub.management.client.follow import Remark, follow


class Command(BaseCommand):
    help = "Prints a bus's events as they come, one a line, until Ctrl-C. Resumes after a lost connection."

    requires_system_checks = []  # those are of the installation, and this may be another machine

    def add_arguments(self, parser: CommandParser) -> None:
        hub.add_arguments(parser)
        parser.add_argument("--pattern", default="", help="only events that match this pattern (JSON)")
        parser.add_argument("--since", default="now", help=since.HELP)
        parser.add_argument("--json", action="store_true", help="print envelopes, one JSON object a line")

    def handle(self, **options: Any) -> None:
        from_hub = hub.Hub.of(options, Scope.EVENTS_READ, "tail")
        start = since.start_of(options["since"], datetime.now(UTC))
        with until_told(from_hub):
            for one in follow(from_hub, start=start, pattern=options["pattern"]):
                if isinstance(one, Remark):
                    self.stderr.write(f"-- {one.text}", self.style.WARNING)
                    self.stderr.flush()
                    continue
                self.stdout.write(shown.one_line(one.data) if options["json"] else self._line(one.data))
                self.stdout.flush()

    def _line(self, envelope: bytes) -> str:
        width = shown.terminal_width() if self.stdout.isatty() else None
        return shown.line(
            envelope, faint=self.style.HTTP_NOT_MODIFIED, strong=self.style.HTTP_INFO, width=width
        )
