"""``manage.py forward``: a bus's events, each posted to a server of yours."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from eventhub.access.scopes import Scope
from eventhub.domain.payload import PayloadFormat
from eventhub.domain.signature import SecretError, parse_secret
from eventhub.management.client import hub, rendered, shown, since
from eventhub.management.client.ending import until_told
from eventhub.management.client.follow import Event, Remark, follow
from eventhub.management.client.receiver import Receiver


class Command(BaseCommand):
    help = (
        "Posts a bus's events to a server of yours, on this machine for example, one after the other, and "
        "says how each was answered, until Ctrl-C. While the server is away, the event is tried again."
    )
    requires_system_checks = []  # those are of the installation, and this may be another machine

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, metavar="URL", help="such as http://localhost:3000/hook")
        hub.add_arguments(parser)
        parser.add_argument("--pattern", default="", help="only events that match this pattern (JSON)")
        parser.add_argument("--since", default="now", help=since.HELP)
        parser.add_argument(
            "--format",
            choices=[str(form) for form in PayloadFormat],
            default=str(PayloadFormat.EVENTBRIDGE),
            help="how events are written, as for a target (default: %(default)s, the envelope)",
        )
        parser.add_argument(
            "--secret", default="", help="signs as Standard Webhooks has it: whsec_… or whsk_…"
        )
        parser.add_argument(
            "--timeout", type=float, default=30.0, help="seconds to wait for an answer (default: %(default)g)"
        )

    def handle(self, **options: Any) -> None:
        receiver = self._receiver(options)
        form = PayloadFormat(options["format"])
        from_hub = hub.Hub.of(options, Scope.EVENTS_READ, "forward")
        start = since.start_of(options["since"], datetime.now(UTC))
        with until_told(from_hub):
            events = follow(
                from_hub, start=start, pattern=options["pattern"], form=rendered.stream_format(form)
            )
            for one in events:
                if isinstance(one, Remark):
                    self._remark(one.text)
                else:
                    self._forward(one, receiver, form)

    def _forward(self, event: Event, receiver: Receiver, form: PayloadFormat) -> None:
        def absent(reason: str) -> None:
            self._remark(f"{receiver.url} does not answer ({reason}): trying again until it does")

        answered = receiver.post(event.id, rendered.payload_of(form, event.data), absent)
        glyph, style = ("✓", self.style.SUCCESS) if answered.is_good else ("✕", self.style.ERROR)
        result = f"{answered.status or ''} {answered.reason}".strip()
        said = style(f"{glyph} {shown.printable(result)}")
        name = shown.printable(rendered.name_of(event.data))
        self.stdout.write(
            f"{datetime.now(UTC):%H:%M:%S} {event.id} {name} → {said} in {answered.milliseconds:.0f} ms"
        )
        self.stdout.flush()

    def _remark(self, text: str) -> None:
        self.stderr.write(f"-- {text}", self.style.WARNING)
        self.stderr.flush()

    @staticmethod
    def _receiver(options: dict[str, Any]) -> Receiver:
        parts = urlsplit(options["to"])
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandError(
                f"--to: wanted an address such as http://localhost:3000/hook, found {options['to']!r}"
            )
        if not 0 < options["timeout"] <= 3600:
            raise CommandError(f"--timeout: wanted seconds, more than 0, found {options['timeout']:g}")
        try:
            secret = parse_secret(options["secret"]) if options["secret"] else None
        except SecretError as error:
            raise CommandError(f"--secret: {error}") from error
        return Receiver(options["to"], options["timeout"], secret)
