"""``manage.py redact``: by the running hub, or on the journal itself where none runs."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from eventhub.domain.redaction import mark_of
from eventhub.journal.rows import EventRow
from eventhub.journal.sqlite import SqliteJournal
from eventhub.models import AuditEntry
from tests.bench.api import Api
from tests.journal.build import append, new_event
from tests.running import running_hub

EMAIL = "zoe.marker@example.com"
DETAIL = b'{"customer": {"email": "zoe.marker@example.com"}, "n": 7.50}'
WHERE = ("--where", f"detail.customer.email={EMAIL}")


def command(*arguments: str) -> str:
    said = StringIO()
    call_command("redact", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def free(journal: SqliteJournal) -> SqliteJournal:
    """A journal with two events that nobody owns."""
    append(journal, new_event(detail=DETAIL), new_event(detail=b'{"customer": {"email": "ann@example.com"}}'))
    journal.close()
    return journal


def test_events_are_counted_first_and_redacted_when_asked_to(free: SqliteJournal) -> None:
    assert command(*WHERE) == "1 events; redact them with --apply.\n"
    assert command("--where", "detail.n=7.5") == "1 events; redact them with --apply.\n"
    assert EventRow.objects.filter(detail__contains=EMAIL).exists()

    said = command(*WHERE, "--apply", "--reason", "she asked for it")

    assert said.startswith("Redacted 1 events, 0 copies in archives and 0 attempts")
    [row] = EventRow.objects.filter(detail='{"redacted":true}')
    mark = mark_of(row.attributes.encode())
    assert mark is not None
    assert (mark.by, mark.reason) == ("command:redact", "she asked for it")
    entry = AuditEntry.objects.get(action="redacted")
    assert (entry.door, entry.reason) == ("command", "she asked for it")
    for file in Path(settings.JOURNAL_FILE).parent.glob("journal.sqlite3*"):
        assert EMAIL.encode() not in file.read_bytes()


def test_a_single_event_and_path_are_redacted(free: SqliteJournal) -> None:
    row = EventRow.objects.get(detail__contains=EMAIL)

    command(str(row.id), "--path", "detail.customer.email", "--apply", "--reason", "r")

    row.refresh_from_db()
    assert row.detail == '{"customer":{"email":"[redacted]"},"n":7.50}'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "wanted ids of events, or a filter"),
        (("x", "--bus", "default"), "wanted ids of events, or a filter"),
        (("x",), "wanted an id"),
        (("--where", "detail.n"), "wanted PATH=VALUE"),
        (("--where", "n=1"), "wanted a path such as"),
        (("--bus", "default", "--apply"), "--reason: wanted why"),
        (("--since", "today"), "wanted a moment"),
    ],
)
def test_what_is_wrong_is_refused(free: SqliteJournal, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        command(*arguments)


@pytest.mark.whole
def test_a_running_hub_redacts_what_the_command_asks_for(tmp_path: Path) -> None:
    with running_hub(tmp_path / "data") as hub:
        api = Api(hub)
        entries = [
            {"source": "shop", "detail-type": "t", "detail": {"email": EMAIL, "n": n}} for n in range(3)
        ]
        first = api.post("/api/buses/default/events", entries)["entries"][0]["id"]

        said = hub.manage(
            "redact", "--where", f"detail.email={EMAIL}", "--apply", "--reason", "r", "--url", hub.url
        )

        assert said.startswith("Redacted 3 events")
        assert api.get(f"/api/events/{first}")["detail"] == {"redacted": True}
        assert api.get("/api/audit?kind=api-key&action=deleted")["items"][0]["who"] == "command:redact"
