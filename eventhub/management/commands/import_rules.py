"""``manage.py import_rules``: rules, buses and targets from files of other tools, or from our own export."""

import argparse
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import ALL_SCOPES
from eventhub.api.importing.report import ImportRefusedError
from eventhub.api.importing.run import import_text


class Command(BaseCommand):
    """Show what a file changes; with --apply, change it."""

    help = (
        "Read a CloudFormation or SAM template, Terraform's plan as JSON, answers of `aws events`, or YAML "
        "of export_rules; show what it would change, and change it with --apply."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file; - reads standard input")
        parser.add_argument(
            "--apply", action="store_true", help="make the changes; without, they are shown only"
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="also remove what the file does not have: of the sections it has, or the rules of its buses",
        )
        parser.add_argument(
            "--parameter", action="append", default=[], type=_pair, metavar="NAME=VALUE",
            help="a parameter of the template",
        )  # fmt: skip
        parser.add_argument(
            "--arn", action="append", default=[], type=_pair, metavar="NAME=ARN",
            help="the ARN of a resource that the file does not tell, by logical id or address",
        )  # fmt: skip

    def handle(self, *_args: Any, **options: Any) -> None:
        text, name = _text(options["file"])
        try:
            report = import_text(
                text,
                Caller(CallerKind.COMMAND, "import_rules", ALL_SCOPES),
                apply=options["apply"],
                prune=options["prune"],
                name=name,
                parameters=dict(options["parameter"]),
                arns=dict(options["arn"]),
            )
        except ImportRefusedError as error:
            raise CommandError(f"{options['file']}: {error}.") from error
        for line in report.lines():
            self.stdout.write(line)
        if report.refused:
            raise CommandError("Nothing was changed, because of what is refused above.")
        count = len(report.changes)
        changes = f"{count} change{'s' * (count != 1)}"
        self.stdout.write(
            f"Made {changes}."
            if report.is_applied
            else f"{changes}; make them with --apply."
            if count
            else "No change."
        )


def _pair(text: str) -> tuple[str, str]:
    name, is_pair, value = text.partition("=")
    if not (name and is_pair):
        raise argparse.ArgumentTypeError(f"wanted NAME=VALUE, found {text!r}")
    return name, value


def _text(file: str) -> tuple[str, str]:
    try:
        if file == "-":
            return sys.stdin.read(), "import"
        path = Path(file)
        return path.read_text(encoding="utf-8"), path.stem
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: {error}") from error
