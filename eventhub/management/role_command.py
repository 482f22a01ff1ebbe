"""What the commands of the roles have in common: options, checks, and saying what runs where."""

import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from eventhub import roles
from eventhub.access.sign_in import MINUTES, make_link
from eventhub.journal.port import JournalUnavailable
from eventhub.roles import Address, NotReadyError, Role
from eventhub.server.listening import CannotListenError, listen


class RoleCommand(BaseCommand):
    """Starts one role and runs it until it is told to end."""

    role: Role
    requires_system_checks = []  # run after the options were applied

    def handle(self, **options: Any) -> None:
        """Check, start, announce, run."""
        try:
            self.run(options)
        except (CannotListenError, ImproperlyConfigured, JournalUnavailable, NotReadyError) as error:
            raise CommandError(str(error)) from error

    def run(self, options: dict[str, Any]) -> None:
        """Run the role without a web side."""
        self.check()
        roles.check_role(self.role)
        roles.prepare()
        roles.run(self.role, None, lambda: self.say(f"Eventhub {self.role} works"))

    def say(self, line: str) -> None:
        """Print a line at once, also into a pipe."""
        self.stdout.write(line)
        self.stdout.flush()


class WebRoleCommand(RoleCommand):
    """Starts a role that listens."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.HOST, help="address to listen on (EVENTHUB_HOST)")
        parser.add_argument(
            "--port", type=port_number, default=settings.PORT, help="port, 0 for a free one (EVENTHUB_PORT)"
        )
        parser.add_argument(
            "--server",
            choices=sorted(roles.SERVERS),
            default="daphne",
            help="uvicorn takes more events per second, and is an extra: pip install 'eventhub[uvicorn]'",
        )

    def run(self, options: dict[str, Any]) -> None:
        """Take the address first: everything that a link or check says depends on it."""
        roles.check_role(self.role)
        roles.apply_address(options["host"], options["port"])
        self.check()
        with listen(options["host"], options["port"]) as listening:
            port = listening.getsockname()[1]
            roles.apply_address(options["host"], port)
            roles.prepare()
            lines = [*where_lines(options["host"], port), *sign_in_lines()]
            roles.run(self.role, Address(listening, options["server"]), lambda: self.say("\n".join(lines)))


def port_number(text: str) -> int:
    """Return a port; raises ValueError, which argparse words, unless it is one."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise ValueError(text)
    return number


def where_lines(host: str, port: int) -> list[str]:
    """Return the lines that say where we are."""
    at = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"Eventhub listens on {at}"]
    if at != settings.PUBLIC_URL:
        lines.append(f"open {settings.PUBLIC_URL}")
    if settings.EMBEDDED:
        lines.append(f"its data is in {settings.DATA_DIR}")
    return lines


def sign_in_lines() -> list[str]:
    """Return the lines with the one-time link, if this is a terminal on a machine that only we reach."""
    if not (settings.LISTENS_ON_LOOPBACK and sys.stdout.isatty()):
        return []
    return [f"sign in once, within {MINUTES} minutes: {settings.PUBLIC_URL}/sign-in/{make_link()}"]
