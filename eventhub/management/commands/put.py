"""``manage.py put``: events from a file or standard input, a JSON object a line."""

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import pluralize
from tqdm import tqdm

from eventhub.access.scopes import Scope
from eventhub.management.client import hub
from eventhub.management.client.ending import until_told
from eventhub.management.client.hub import HubError
from eventhub.management.client.lines import LineTooLongError, batches
from eventhub.management.client.putting import Putting
from eventhub.roles import RECURSION_LIMIT

MAX_LINES = 1000  # of one request, as the door has it
MAX_BYTES = 4 * 2**20
NOT_ALL = 1  # exit status: some lines were not accepted, all others were
NOT_FINISHED = 2  # Eventhub refused us or was away: what was put until then stays
INTERRUPTED = 130  # as shells have it


class Command(BaseCommand):
    help = (
        "Puts events on a bus from a file or standard input: a JSON object a line, as the events door takes "
        "them (source, detail-type, detail, and optionally time, resources, id). Exit status 0: all are "
        "there; 1: some lines were not accepted, which standard error says by number; 2: not finished."
    )
    requires_system_checks = []  # those are of the installation, and this may be another machine

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default="-", help="the file; - (the default): standard input")
        hub.add_arguments(parser)
        parser.add_argument(
            "--batch",
            type=int,
            default=100,
            help=f"lines of one request, up to {MAX_LINES} (default: %(default)s)",
        )
        parser.add_argument(
            "--run",
            default="",
            help="a name for this run, of which lines without an id get their keys: the same name with the "
            "same file, while keys are remembered, puts nothing twice (default: a new one)",
        )
        parser.add_argument(
            "--patience",
            type=float,
            default=60.0,
            help="seconds to try again while Eventhub is away or busy (default: %(default)g)",
        )

    def handle(self, **options: Any) -> None:
        if not 1 <= options["batch"] <= MAX_LINES:
            raise CommandError(f"--batch: wanted 1 to {MAX_LINES}, found {options['batch']}")
        if len(options["run"]) > 200 or not options["run"].isprintable():
            raise CommandError("--run: wanted a name of at most 200 printable characters")
        sys.setrecursionlimit(RECURSION_LIMIT)  # nested entries are read as deep as the door reads them
        to_hub = hub.Hub.of(options, Scope.EVENTS_PUT, "put")
        run = options["run"] or secrets.token_hex(8)
        is_finished = False
        putting = Putting(to_hub, run, options["patience"], self._error, self._remark)
        with _opened(options["file"]) as file, until_told(to_hub), _bar(file) as bar:
            try:
                for batch, size in batches(file, options["batch"], MAX_BYTES):
                    putting.put(batch)
                    bar.set_postfix_str(f"{putting.accepted} events", refresh=False)
                    bar.update(size)
                is_finished = True
            except (HubError, LineTooLongError, OSError) as error:
                bar.close()
                self._say(putting, options["bus"])
                raise CommandError(str(error), returncode=NOT_FINISHED) from error
        self._say(putting, options["bus"])
        if not is_finished:
            raise CommandError(
                f"interrupted: the same again with --run {run} puts only the rest", returncode=INTERRUPTED
            )
        if putting.rejected:
            sys.exit(NOT_ALL)

    def _say(self, putting: Putting, bus: str) -> None:
        one, many = pluralize(putting.accepted), pluralize(putting.rejected, " was,s were")
        there = f" ({putting.duplicates} of them before)" if putting.duplicates else ""
        wrong = f"; {putting.rejected} line{many} not accepted" if putting.rejected else ""
        self.stdout.write(f"Put {putting.accepted} event{one} on {bus}{there}{wrong}.")

    def _error(self, number: int, reason: str) -> None:
        self._beside_bar(self.style.ERROR(f"line {number}: {reason}"))

    def _remark(self, text: str) -> None:
        self._beside_bar(self.style.WARNING(f"-- {text}"))

    @staticmethod
    def _beside_bar(text: str) -> None:
        tqdm.write(text, file=sys.stderr)


@contextmanager
def _opened(name: str) -> Iterator[int]:
    if name == "-":
        yield sys.stdin.fileno()
        return
    try:
        file = os.open(name, os.O_RDONLY)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", returncode=NOT_FINISHED) from error
    try:
        yield file
    finally:
        os.close(file)


def _bar(file: int) -> "tqdm[Any]":
    """Return the progress bar; nothing is drawn where standard error is no terminal."""
    found = os.fstat(file)
    total = found.st_size if stat.S_ISREG(found.st_mode) else None
    return tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024, disable=None, file=sys.stderr)
