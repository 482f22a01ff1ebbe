"""``manage.py redact``: personal data taken out of events and their copies.

An embedded journal belongs to the hub that runs on it, so there the work is done by that hub, over its API,
with a key made for it and deleted afterwards; without a running hub this process takes the journal itself. On
PostgreSQL the journal is opened beside the other processes.
"""

import json
import urllib.error
import urllib.request
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.api.rest.fields import Body
from eventhub.api.rest.redactions import NEW, redacted
from eventhub.domain import jsontext
from eventhub.journal import open_journal
from eventhub.journal.port import Journal, JournalUnavailable

KEY_NAME = "manage.py redact"
WHO = "command:redact"
LASTS = timedelta(hours=1)


class Command(BaseCommand):
    """Count the events, and redact them with --apply."""

    help = (
        "Take the detail of events, or some of its paths, out of the journal, its attempts and archives for "
        "good. Shows how many events are meant; --apply redacts them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", metavar="ID", help="ids of events; or give a filter")
        parser.add_argument("--bus", help="events of this bus")
        parser.add_argument("--source", help="with this source")
        parser.add_argument("--detail-type", help="with this detail-type")
        parser.add_argument("--since", help="accepted at this moment or later: 2026-01-31T12:00:00Z")
        parser.add_argument("--until", help="accepted before this moment")
        parser.add_argument(
            "--where", metavar="PATH=VALUE",
            help="with this value in the detail: detail.customer.email=ann@example.com, or JSON: detail.n=7",
        )  # fmt: skip
        parser.add_argument(
            "--path", action="append", default=[], metavar="PATH",
            help="only the values at this path, such as detail.customer.email; may be repeated",
        )  # fmt: skip
        parser.add_argument("--reason", default="", help="why; the events and the audit trail say it")
        parser.add_argument("--apply", action="store_true", help="redact; without it, events are counted")
        parser.add_argument(
            "--url", default=settings.PUBLIC_URL, help="where a running hub answers (default: %(default)s)"
        )

    def handle(self, **options: Any) -> None:
        asked = _asked(options)
        if not options["apply"]:
            counted = self._each(asked | {"dry_run": True}, options["url"], "events")
            self.stdout.write(f"{counted['events']} events; redact them with --apply.")
            return
        if not options["reason"].strip():
            raise CommandError("--reason: wanted why, found nothing; the events and the audit trail say it")
        done = self._each(asked, options["url"], "events", "archived_copies", "attempts", "ended_deliveries")
        self.stdout.write(
            f"Redacted {done['events']} events, {done['archived_copies']} copies in archives and "
            f"{done['attempts']} attempts; {done['ended_deliveries']} pending deliveries became dead letters."
        )
        if done["left"]:
            self.stdout.write(f"Left for now: {done['left']}.")

    def _each(self, asked: dict[str, Any], url: str, *counts: str) -> dict[str, Any]:
        """Ask until there is no more, and return the sums."""
        sums: dict[str, Any] = dict.fromkeys(counts, 0) | {"left": ""}
        for answer in self._answers(asked, url):
            sums |= {name: sums[name] + answer[name] for name in counts}
            sums["left"] = answer.get("left") or sums["left"]
        return sums

    def _answers(self, asked: dict[str, Any], url: str) -> Any:
        try:
            journal = open_journal()
        except JournalUnavailable as error:
            if not settings.EMBEDDED:
                raise CommandError(str(error)) from error
            yield from _over_api(asked, url)
            return
        try:
            yield from _pages(asked, lambda body: _here(journal, body))
        finally:
            journal.close()


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    given = {"bus": options["bus"], "source": options["source"], "detail-type": options["detail_type"]}
    given |= {"since": options["since"], "until": options["until"]}
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value}
    if options["where"]:
        path, is_pair, text = options["where"].partition("=")
        if not is_pair:
            raise CommandError(f"--where: wanted PATH=VALUE, found {options['where']!r}")
        chosen["where"] = {"path": path, "equals": _value(text)}
    if bool(options["ids"]) == bool(chosen):
        raise CommandError("wanted ids of events, or a filter such as --bus and --where")
    asked: dict[str, Any] = {"ids": options["ids"]} if options["ids"] else {"filter": chosen}
    if options["path"]:
        asked["paths"] = options["path"]
    return asked | ({"reason": options["reason"]} if options["reason"] else {})


def _value(text: str) -> Any:
    try:
        return jsontext.decode(text.encode())
    except jsontext.JsonTextError:
        return text


def _pages(asked: dict[str, Any], ask: Any) -> Any:
    after = None
    while True:
        answer = ask(asked if after is None else asked | {"after": after})
        yield answer
        after = answer["more_after"]
        if after is None:
            return


def _here(journal: Journal, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer as the resource does, in this process."""
    body = Body(cast(Request, SimpleNamespace(data=asked)), NEW)  # all that it needs of a request
    try:
        return redacted(body, lambda: journal, WHO, None)
    except ValidationError as error:
        raise CommandError(f"{error.detail}") from error


def _over_api(asked: dict[str, Any], url: str) -> Any:
    key, secret = mint(KEY_NAME, [Scope.ADMIN], expires_at=timezone.now() + LASTS)
    try:
        yield from _pages(
            asked, lambda body: _post(f"{url.rstrip('/')}/api/redactions", key.pk, secret, body)
        )
    finally:
        key.delete()


def _post(address: str, key_id: str, secret: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - the operator's own address
        address,
        jsontext.encode(body),
        {"Authorization": f"Bearer {key_id}.{secret}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - as above
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        raise CommandError(f"{address}: {json.load(error).get('detail', error)}") from error
    except (urllib.error.URLError, OSError) as error:
        raise CommandError(
            f"the journal is in use, and no Eventhub answers at {address}: {error}; say where with --url"
        ) from error
