"""Schedule: put the event of each run on the default bus, once, whoever else looks at the same time.

::

    rules with a schedule ─► NextRun (one row each: when) ─ due ─► an event on the default bus ─► routed

The event is what EventBridge makes: source ``aws.events``, detail-type ``Scheduled Event``, the rule's ARN in
``resources``, the run's moment as ``time``. The rule is routed by a pattern that picks just that event
(``models.routed_pattern``), so journey, explanation and replay of a run are those of any event.

Invariants: a run makes one event. Who runs it holds the row's lock, and the event's key is the rule and the
run, so that a worker which is killed after the event was stored and before the row moved on makes no second
one: the journal answers the same key with the first event. A disabled rule has no row.

Runs that were missed, because no worker lived: the latest of them is made up for, as one event with its own
moment, and the earlier ones are not (``EVENTHUB_MISSED_RUNS=once``); with ``skip`` none is. A run counts as
missed a minute after its moment.
"""

import logging
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import close_old_connections, transaction

from eventhub.domain.arn import rule_arn
from eventhub.domain.entry import Entry
from eventhub.domain.schedule import Rate, Schedule, parse_schedule, runs_after
from eventhub.flow.accept import RANDOM_BITS, build_event
from eventhub.journal.port import Journal, JournalUnavailable
from eventhub.models import DEFAULT_BUS, Bus, NextRun, Rule
from eventhub.models.rule import SCHEDULED_SOURCE, SCHEDULED_TYPE

log = logging.getLogger("eventhub.schedule")

LOOK_SECONDS = 1.0
MISSED_AFTER = timedelta(minutes=1)
SHOWN = 10
WHO = "schedule"


def next_runs(rule: Rule, most: int = SHOWN) -> list[datetime]:
    """Return the next runs of a rule's schedule; none if it has no schedule, or is disabled."""
    if not rule.schedule_expression or not rule.enabled:
        return []
    schedule = parse_schedule(rule.schedule_expression)
    kept = NextRun.objects.filter(rule=rule.pk, schedule_expression=rule.schedule_expression).first()
    if isinstance(schedule, Rate) and kept is not None:
        return [kept.at, *runs_after(schedule, kept.at, most - 1)]
    return runs_after(schedule, datetime.now(UTC), most)


def _now() -> datetime:
    return datetime.now(UTC)


class Scheduler:
    """Runs schedules in a thread of its own."""

    def __init__(
        self, journal: Journal, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._random = random.SystemRandom()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Stop after the run under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _work(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.look()
            except JournalUnavailable as error:
                log.warning("schedule.journal_unavailable", extra={"fields": {"error": str(error)}})
            except Exception:  # a database that is away comes back
                log.exception("schedule.failed")
            finally:
                close_old_connections()

    def look(self) -> int:
        """Bring the rows up to the rules, then run what is due; return how many events that made."""
        self._follow()
        due = NextRun.objects.filter(at__lte=self._clock()).order_by("at").values_list("pk", flat=True)
        return sum(self._run(pk) for pk in list(due))

    def _follow(self) -> None:
        """Give every enabled rule with a schedule its row, and take it from all others."""
        wanted = Rule.objects.filter(enabled=True).exclude(schedule_expression="")
        rules = {rule.pk: rule for rule in wanted.only("name", "schedule_expression")}
        rows = dict(NextRun.objects.values_list("rule_id", "schedule_expression"))
        for rule_id, text in rows.items():
            if rule_id not in rules or rules[rule_id].schedule_expression != text:
                NextRun.objects.filter(rule_id=rule_id, schedule_expression=text).delete()
        for rule_id, rule in rules.items():
            if rows.get(rule_id) != rule.schedule_expression:
                at = parse_schedule(rule.schedule_expression).after(self._clock())
                if at is not None:  # a calendar may end
                    NextRun.objects.get_or_create(
                        rule=rule, defaults={"at": at, "schedule_expression": rule.schedule_expression}
                    )

    def _run(self, pk: int) -> int:
        """Make the event of a run that is due, unless another worker does; return how many it made."""
        with transaction.atomic():
            rows = NextRun.objects.select_for_update(skip_locked=not settings.EMBEDDED, of=("self",))
            row = rows.select_related("rule").filter(pk=pk).first()
            now = self._clock()
            if row is None or row.at > now:
                return 0
            run, following = _latest(parse_schedule(row.schedule_expression), row.at, now)
            is_made = run > now - MISSED_AFTER or settings.MISSED_RUNS == "once"
            if is_made:
                self._put(row.rule, run)
            if run > row.at or not is_made:
                log.warning(
                    "schedule.runs_missed",
                    extra={"fields": {"rule": row.rule.name, "since": str(row.at), "made": is_made}},
                )
            if following is None:
                row.delete()
            else:
                row.at = following
                row.save(update_fields=["at"])
        return int(is_made)

    def _put(self, rule: Rule, run: datetime) -> None:
        moment = int(run.timestamp()) * 1_000_000 + run.microsecond
        arn = rule_arn(DEFAULT_BUS, rule.name, region=settings.REGION, account=settings.ACCOUNT_ID)
        entry = Entry(
            DEFAULT_BUS,
            SCHEDULED_SOURCE,
            SCHEDULED_TYPE,
            b"{}",
            time=moment,
            resources=[arn],
            key=f"schedule of rule {rule.pk} at {run.isoformat()}",
        )
        event = build_event(
            entry,
            bus_id=Bus.objects.values_list("pk", flat=True).get(name=DEFAULT_BUS),
            accepted_at=int(self._clock().timestamp() * 1_000_000),
            who=WHO,
            random_bits=self._random.getrandbits(RANDOM_BITS),
        )
        self._journal.append([event]).result()


def _latest(schedule: Schedule, at: datetime, now: datetime) -> tuple[datetime, datetime | None]:
    """Return the last run up to now, of those from ``at`` on, and the one after it."""
    if isinstance(schedule, Rate):
        at += timedelta(seconds=(now - at) // timedelta(seconds=schedule.seconds) * schedule.seconds)
    following = schedule.after(at)
    while following is not None and following <= now:
        at, following = following, schedule.after(following)
    return at, following
