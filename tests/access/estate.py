"""Two buses with everything that lies on a bus, and everybody who may come: what the matrix asks about."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.test import Client

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.flow import archives, letters
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.port import Journal, JournalUnavailable, NewDelivery, OutcomeState, Selection
from eventhub.journal.rows import AttemptRow, DeadLetterRow, EventTypeRow, OutcomeRow, microseconds
from eventhub.models import (
    ApiDestination,
    Archive,
    AuditEntry,
    Bus,
    Connection,
    GlobalEndpoint,
    Grant,
    PartnerSource,
    Role,
    Rule,
    RuleTarget,
    Target,
)
from tests.live.world import World
from tests.people import browser_of, person

OURS, THEIRS = "ours", "theirs"
SECRET, THEIR_SECRET = b"4111-1111", b"4111-2222"  # values that their buses mark as sensitive
SECRETS = {OURS: SECRET, THEIRS: THEIR_SECRET}
PATTERN = '{"detail": {"card": {"number": [{"prefix": "4111"}]}}}'
VIEW, EDIT, ADMINISTER = "er", "erwp", "erwpas"  # letters of scopes: see LETTERS
LETTERS = {
    "p": Scope.EVENTS_PUT,
    "e": Scope.EVENTS_READ,
    "s": Scope.EVENTS_SENSITIVE,
    "r": Scope.RULES_READ,
    "w": Scope.RULES_WRITE,
    "a": Scope.ADMIN,
}


class FullDisk:
    """An acceptor that lets everybody in and takes nothing."""

    async def accept(self, *_entries: object, **_options: object) -> None:
        """Refuse."""
        raise JournalUnavailable("the disk is full")


@dataclass
class Visitor:
    """Somebody who comes: on ``here`` (None: every bus) they may ``letters``, on theirs ``there`` too."""

    name: str
    letters: str = ""
    here: str | None = None
    client: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""
    there: str = ""

    def may(self, wanted: str, where: str, half: str) -> bool:
        """Tell whether any of the ``wanted`` letters is allowed ``where``: bus, any, every."""
        if where in {"person", "known"}:
            return self.name != "anonymous" and (where == "known" or not self.token)
        if where == "every":
            return self.here is None and bool(set(wanted) & set(self.letters))
        halves = (half,) if where == "bus" else (OURS, THEIRS)
        return any(set(wanted) & set(self.letters_on(one)) for one in halves)

    def letters_on(self, half: str) -> str:
        """Return what they may on a bus."""
        own = self.letters if self.here in {None, half} else ""
        return own + (self.there if half == THEIRS else "")

    @property
    def sees_theirs(self) -> bool:
        """Tell whether they may do anything there."""
        return bool(self.letters_on(THEIRS))


class Estate:
    """The buses ``ours`` and ``theirs``; whatever belongs to the second has its name in it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.world = World(journal)
        self.keeper: RulebookKeeper = self.world.keeper
        self.bus = {half: Bus.objects.create(name=half) for half in (OURS, THEIRS)}
        shared = {
            "connection": Connection.objects.create(name="crm").name,
            "destination": ApiDestination.objects.create(
                name="crm", connection=Connection.objects.get(), endpoint="http://127.0.0.1:9/"
            ).name,
            "endpoint": GlobalEndpoint.objects.create(name="world", bus=self.world.default).name,
            "source": PartnerSource.objects.create(name="aws.partner/crm/1", account="000000000000").pk,
            "user": person("somebody", None).pk,
            "group": Group.objects.create(name="team").pk,
        }
        shared |= {
            "connection_id": Connection.objects.get().pk,
            "destination_id": ApiDestination.objects.get().pk,
            "endpoint_id": GlobalEndpoint.objects.get().pk,
        }
        self.names = {half: shared | self._half(half) for half in (OURS, THEIRS)}
        self.keeper.refresh()

    def _half(self, half: str) -> dict[str, Any]:
        bus, card = self.bus[half], SECRETS[half].decode()
        bus.sensitive = ["detail.card"]
        bus.save()
        target = Target.objects.create(name=f"{half}-target", url="http://127.0.0.1:9/")
        rule = Rule.objects.create(bus=bus, name=f"{half}-rule", pattern=PATTERN)
        RuleTarget.objects.create(rule=rule, target=target)
        rule.record_version(by="test")
        archive = Archive.objects.create(name=f"{half}-archive", bus=bus)
        detail = b'{"of": "%b", "card": {"number": "%b"}, "sum": 1.50}' % (half.encode(), card.encode())
        [event] = self.world.accept(bus_id=bus.pk, bus=half, source=f"{half}-source", detail=detail)
        made = NewDelivery(rule.pk, rule.name, 1, target.pk, target.name, fifo_key=card)
        self.world.route((rule, target), bus=bus, deliveries=[made])
        self.world.settle(
            self.world.claim(),
            OutcomeState.DEAD,
            request={"method": "POST", "url": f"http://x/{card}", "headers": {"x": card}, "body": card},
            response={"status": 503, "reason": card, "body": f"no {card}"},
            error=f"receiver answered 503 no {card}",
        )
        letter = DeadLetterRow.objects.get(event_id=event)
        now = datetime.now(UTC)
        replay = archives.start_replay(
            self.journal,
            archive,
            name=f"{half}-replay",
            since=microseconds(now - timedelta(hours=1)),
            until=microseconds(now),
            who="user:owner",
        )
        redrive = letters.start(
            self.journal, Selection(ids=[letter.seq]), per_second=1.0, who=f"user:owner of {half}"
        )
        key, _ = mint(f"{half}-key", [Scope.EVENTS_PUT], buses=[bus])
        grant = Grant.objects.create(user=person(f"owner of {bus.pk}", None), bus=bus, role=Role.VIEWER)
        return {
            "bus": half,
            "bus_id": bus.pk,
            "rule": rule.pk,
            "target": target.name,
            "target_id": target.pk,
            "archive": archive.name,
            "archive_id": archive.pk,
            "event": event,
            "event_type": EventTypeRow.objects.get(bus_id=bus.pk).pk,
            "event_seq": OutcomeRow.objects.get(event_id=event).seq,
            "delivery": OutcomeRow.objects.get(event_id=event).seq,
            "attempt": AttemptRow.objects.get(event_id=event).seq,
            "letter": letter.seq,
            "replay": replay.order.name,
            "replay_id": replay.id,
            "redrive": redrive.id,
            "key": key.pk,
            "grant": grant.pk,
            "audit": AuditEntry.objects.filter(kind="rule", bus_id=bus.pk).latest("id").pk,
        }

    def people(self) -> list[Visitor]:
        """Return people: nobody, a stranger, every role on one bus and on every bus, and mixed ones."""
        ours, theirs = self.bus[OURS], self.bus[THEIRS]
        roles = {Role.VIEWER: VIEW, Role.EDITOR: EDIT, Role.ADMINISTRATOR: ADMINISTER}
        mixed = person("mixed", Role.VIEWER, ours)
        person("mixed", Role.EDITOR, theirs)
        widely = person("widely", Role.VIEWER)
        person("widely", Role.ADMINISTRATOR, theirs)
        return [
            Visitor("anonymous"),
            Visitor("stranger", client=browser_of(person("stranger", None))),
            *(
                Visitor(f"{role} of ours", letters, OURS, browser_of(person(f"{role}-of-ours", role, ours)))
                for role, letters in roles.items()
            ),
            *(
                Visitor(str(role), letters, None, browser_of(person(str(role), role)))
                for role, letters in roles.items()
            ),
            Visitor("viewer of ours, editor of theirs", VIEW, OURS, browser_of(mixed), there=EDIT),
            Visitor("viewer, administrator of theirs", VIEW, None, browser_of(widely), there=ADMINISTER),
        ]

    def programs(self) -> list[Visitor]:
        """Return programs: a key of every scope, on every bus and on one."""
        made = []
        for here, held in ((None, "persaw"), (OURS, "ewa")):
            for letter in held:
                scope = LETTERS[letter]
                key, secret = mint(
                    f"visitor {letter}", [scope], buses=[] if here is None else [self.bus[here]]
                )
                token = f"{key.pk}.{secret}"
                made.append(
                    Visitor(
                        f"key {scope} of {here or 'every bus'}",
                        "erwpas" if letter == "a" else letter,
                        here,
                        headers={"Authorization": f"Bearer {token}"},
                        token=token,
                    )
                )
        return made
