"""The installation that the document's examples are of."""

from uuid import UUID

from django.db import connection
from django.utils import timezone

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.api.openapi.resources.archives import ARCHIVE
from eventhub.api.openapi.resources.audit import ENTRY_ID
from eventhub.api.openapi.resources.buses import BUS
from eventhub.api.openapi.resources.deliveries import EVENT_ID, TARGET_ID
from eventhub.api.openapi.resources.endpoints import RESOURCE as ENDPOINT
from eventhub.api.openapi.resources.keys import KEY_ID
from eventhub.api.openapi.resources.partners import SOURCE
from eventhub.api.openapi.resources.replays import REPLAY_NAME
from eventhub.api.openapi.resources.rules import PATTERN, RULE_ID, TARGET
from eventhub.flow.process import parts
from eventhub.journal.port import (
    Attempt,
    Limits,
    NewDelivery,
    NewReplay,
    OutcomeState,
    ReasonClass,
    RoutedBatch,
    Routing,
    RoutingState,
    RuleInForce,
    Selection,
    Settled,
)
from eventhub.models import (
    ApiDestination,
    ApiKey,
    Archive,
    AuditEntry,
    Bus,
    Connection,
    GlobalEndpoint,
    PartnerSource,
    Rule,
    Target,
    record_action,
)
from tests.journal.build import append, new_event, now_us


def build() -> None:
    """Make it, in a database that has nothing but what the migrations put in."""
    bus = Bus.objects.create(name=BUS, description="Orders and payments")
    target = Target.objects.create(
        pk=TARGET_ID, name=TARGET, url="http://127.0.0.1:9/orders", note="The till of the shop"
    )
    crm = Connection(
        name="crm", auth="basic", config={"user_name": "eventhub"}, description="The customers' records"
    )
    crm.change_secrets({"password": "correct-horse"})
    crm.save()
    destination = ApiDestination.objects.create(
        name="crm-orders", connection=crm, endpoint="https://crm.example.com/orders/*", rate_per_second=10
    )
    Target.objects.create(name="back", kind="bus", bus=bus)
    Target.objects.create(name="records", url="http://127.0.0.1:9/records", connection=crm)
    Target.objects.create(
        name="crm", kind="api-destination", api_destination=destination, config={"path_parameters": ["old"]}
    )
    text = str(PATTERN).replace("'", '"')
    rule = Rule.objects.create(
        pk=RULE_ID, bus=bus, name="big-orders", pattern=text, description="Orders", enabled=False
    )
    rule.set_targets([target])
    rule.record_version(by="user:ann")
    rule.enabled = True
    rule.save(update_fields=["enabled", "updated_at"])
    rule.record_version(by="user:ann")
    _change(rule)
    archive = Archive.objects.create(
        name=ARCHIVE, bus=bus, pattern='{"source": ["shop.web"]}', retention_days=90
    )
    shown = ENDPOINT.example
    GlobalEndpoint.objects.create(
        name="main", bus=bus, secondary_bus=shown["secondary_bus"], health_check=shown["health_check"]
    )
    PartnerSource.objects.create(name=SOURCE, account="000000000000", pending_since=timezone.now())
    key, _ = mint("The web shop", [Scope.EVENTS_PUT], buses=[bus], sources=["shop.*"])
    ApiKey.objects.filter(pk=key.pk).delete()
    key.pk = KEY_ID
    key.save(force_insert=True)
    key.buses.set([bus])
    _happen(bus, rule, target)
    journal = parts().journal
    journal.start_redrive(Selection(target=TARGET), per_second=10.0, now=now_us(), who="user:ann")
    assert journal.start_replay(
        NewReplay(REPLAY_NAME, archive.pk, ARCHIVE, bus.pk, BUS, 0, now_us(), 1000.0, now_us(), "user:ann")
    )
    parts().keeper.refresh()


def _change(rule: Rule) -> None:
    """Change the rule's description, and give the entry in the audit trail its documented number."""
    rule.description = "Orders above 100"
    rule.save(update_fields=["description", "updated_at"])
    newest = AuditEntry.objects.latest("id").pk
    with connection.cursor() as cursor:  # the trail cannot be changed otherwise
        cursor.execute("DELETE FROM eventhub_auditentry WHERE id <> %s", [newest])
        cursor.execute("UPDATE eventhub_auditentry SET id = %s", [ENTRY_ID])
    counts = {"events": 1, "archived_copies": 1, "attempts": 1, "ended_deliveries": 0}
    said = {"paths": ["detail.customer"], "bus": BUS} | counts
    record_action("redaction", "", "of 1 event", "redacted", after=said)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE eventhub_auditentry SET id = %s WHERE id <> %s", [ENTRY_ID + 1, ENTRY_ID])


def _happen(bus: Bus, rule: Rule, target: Target) -> None:
    """Let one event come, match, and die after one attempt."""
    journal, now = parts().journal, now_us()
    detail = b'{"order": "W-1041", "amount": 120}'
    append(
        journal,
        new_event(
            id=UUID(EVENT_ID),
            bus_id=bus.pk,
            bus=BUS,
            source="shop.web",
            detail_type="Order Placed",
            detail=detail,
            key="W-1041",
        ),
    )
    after = journal.cursor(bus.pk, holder="test", lease_seconds=60)
    assert after is not None
    [stored] = journal.read(bus.pk, after, 10)
    ruleset = journal.ruleset(bus.pk, [RuleInForce(rule.pk, rule.name, 1, True)])
    made = NewDelivery(rule.pk, rule.name, 1, target.pk, target.name)
    routing = Routing(stored, RoutingState.MATCHED, now, matched=1, deliveries=[made])
    assert journal.route(RoutedBatch(bus.pk, after, stored.position, ruleset, [routing]))
    [claimed] = journal.claim(
        "test",
        now=now_us(),
        lease_seconds=60,
        limit=1,
        limits={target.pk: Limits(1)},
        in_flight={},
        waiting=(),
    )
    failed = Attempt(
        number=1,
        started_at=now,
        ended_at=now + 20_000,
        status=503,
        error="receiver answered 503",
        reason_class=ReasonClass.RECEIVER,
    )
    dead = Settled(
        claimed, OutcomeState.DEAD, failed, reason_class=ReasonClass.RECEIVER, reason="receiver answered 503"
    )
    assert journal.settle([dead]) == [True]
