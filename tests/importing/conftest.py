"""Importing texts."""

from textwrap import dedent
from typing import Any

import pytest

from eventhub.access.caller import Caller, CallerKind
from eventhub.access.scopes import ALL_SCOPES
from eventhub.api.importing.report import Report
from eventhub.api.importing.run import import_text

ARN = "arn:aws:events:us-east-1:000000000000:"


class Importing:
    """Imports texts, and reads what came of it."""

    def __call__(self, text: str, *, apply: bool = True, **options: Any) -> Report:
        caller = Caller(CallerKind.USER, "ann", ALL_SCOPES)
        return import_text(dedent(text), caller, apply=apply, name="shop", **options)

    @staticmethod
    def changes(report: Report) -> list[str]:
        """Return each change as `added rule default/x`."""
        return [f"{one.what} {one.kind} {one.name}" for one in report.changes]


@pytest.fixture
def importing() -> Importing:
    return Importing()
