"""The journal's tables as Django models, for reading: pages, REST and the admin.

``managed = False``: the tables come from each engine's own SQL, and a test compares both. ``seq`` is Django's
key on every engine. Rows name buses, rules and targets by id and by name, so that history outlives deletion.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MomentField(models.BigIntegerField):  # type: ignore[type-arg]  # converts to datetime, which the stubs cannot say
    """Microseconds since 1970 in the table, an aware datetime in Python."""

    def from_db_value(self, value: int | None, _expression: object, _connection: object) -> datetime | None:
        """Return the stored moment as a datetime."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)

    def get_prep_value(self, value: Any) -> Any:
        """Return the moment as it is stored."""
        return microseconds(value) if isinstance(value, datetime) else value


def microseconds(moment: datetime) -> int:
    """Return a datetime as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


IMMUTABLE = "the journal is written by its engine only"


class FactQuerySet(models.QuerySet[M]):
    """Rows to read: whatever would write them is refused, on every engine and before it asks for anything."""

    def update(self, **_values: Any) -> int:
        """Refuse: the journal's rows are facts."""
        raise TypeError(IMMUTABLE)

    def bulk_update(self, *_args: Any, **_options: Any) -> int:
        """Refuse: the journal's rows are facts."""
        raise TypeError(IMMUTABLE)

    def bulk_create(self, *_args: Any, **_options: Any) -> list[M]:
        """Refuse: the journal's rows are facts."""
        raise TypeError(IMMUTABLE)

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse: the journal's rows are facts."""
        raise TypeError(IMMUTABLE)

    def _raw_delete(self, _using: str | None) -> int:
        """Refuse: Django's quick way to delete what nothing refers to."""
        raise TypeError(IMMUTABLE)


class Fact(models.Model):
    """A row of the journal, which its engine alone writes."""

    objects = FactQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # else Django's own, which writes

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def save(self, *_args: object, **_kwargs: object) -> None:
        """Refuse: the journal's rows are facts."""
        raise TypeError(IMMUTABLE)

    def delete(self, *_args: object, **_kwargs: object) -> tuple[int, dict[str, int]]:
        """Refuse: the journal's rows are facts."""
        raise TypeError(IMMUTABLE)


class Row(Fact):
    """What every table begins with."""

    seq = models.BigIntegerField(primary_key=True)
    xid = models.BigIntegerField()

    class Meta:
        abstract = True


class EventRow(Row):
    """An event: append-only."""

    id = models.UUIDField()
    bus_id = models.BigIntegerField()
    bus = models.TextField()
    source = models.TextField()
    detail_type = models.TextField()
    time = MomentField()
    accepted_at = MomentField()
    resources = models.TextField()
    detail = models.TextField()
    attributes = models.TextField()
    key = models.TextField(null=True)
    who = models.TextField()
    cause_id = models.UUIDField(null=True)
    hops = models.IntegerField()

    class Meta:
        managed = False
        db_table = "event"
        verbose_name = "event"


class RoutingRow(Row):
    """What routing made of one event: append-only, one for every event."""

    event_id = models.UUIDField()
    bus_id = models.BigIntegerField()
    state = models.TextField()
    routed_at = MomentField()
    ruleset_id = models.BigIntegerField()
    matched = models.IntegerField()
    error = models.TextField()

    class Meta:
        managed = False
        db_table = "routing"
        verbose_name = "routing"


class OutcomeRow(Row):
    """One match of a rule for a target, and where its delivery stands. What REST calls a delivery."""

    event_id = models.UUIDField()
    bus_id = models.BigIntegerField()
    bus = models.TextField()
    rule_id = models.BigIntegerField()
    rule = models.TextField()
    rule_version = models.IntegerField()
    target_id = models.BigIntegerField(null=True)
    target = models.TextField()
    state = models.TextField()
    reason = models.TextField()
    attempts = models.IntegerField()
    accepted_at = MomentField()  # of the event
    routed_at = MomentField()
    first_at = MomentField(null=True)  # of the first attempt
    last_at = MomentField(null=True)  # of the last attempt's end
    due_at = MomentField(null=True)  # of the next attempt, while pending
    latency_us = models.BigIntegerField(null=True)  # accepted → settled for good
    attributes = models.TextField()  # JSON object: why a dead-letter target gets it; else empty
    budget_from = models.IntegerField()  # attempts made before its last redrive
    redriven_at = MomentField(null=True)

    class Meta:
        managed = False
        db_table = "outcome"
        verbose_name = "delivery"
        verbose_name_plural = "deliveries"


class AttemptRow(Row):
    """One try: append-only."""

    event_id = models.UUIDField()
    delivery_id = models.BigIntegerField()
    bus_id = models.BigIntegerField()
    rule_id = models.BigIntegerField()
    target_id = models.BigIntegerField()
    number = models.IntegerField()
    state = models.TextField()  # the delivery's after this attempt
    started_at = MomentField()
    ended_at = MomentField()
    accepted_at = MomentField()  # of the event
    status = models.IntegerField(null=True)
    error = models.TextField()
    reason_class = models.TextField()
    phases = models.TextField()  # JSON object: milliseconds by phase
    request = models.TextField()  # JSON object
    response = models.TextField()  # JSON object
    next_at = MomentField(null=True)

    class Meta:
        managed = False
        db_table = "attempt"
        verbose_name = "attempt"


class DeadLetterRow(Row):
    """A delivery we gave up on, with its reason."""

    event_id = models.UUIDField()
    delivery_id = models.BigIntegerField()
    bus_id = models.BigIntegerField()
    bus = models.TextField()
    rule_id = models.BigIntegerField()
    rule = models.TextField()
    target_id = models.BigIntegerField(null=True)
    target = models.TextField()
    reason_class = models.TextField()
    reason = models.TextField()
    status = models.IntegerField(null=True)
    attempts = models.IntegerField()
    first_at = MomentField(null=True)
    last_at = MomentField(null=True)
    dead_at = MomentField()
    fifo_key = models.TextField(null=True)
    redriven_at = MomentField(null=True)

    class Meta:
        managed = False
        db_table = "dead_letter"
        verbose_name = "dead letter"


class RedriveRow(Fact):
    """Dead letters on their way back; ``port.RedriveState`` says what ``state`` may be."""

    id = models.BigIntegerField(primary_key=True)
    selection = models.TextField()  # JSON object: the members of ``port.Selection`` that were given
    state = models.TextField()
    per_second = models.FloatField()
    total = models.BigIntegerField()  # selected when it was made
    done = models.BigIntegerField()
    skipped = models.BigIntegerField()
    skips = models.TextField()  # JSON object: the skipped by reason
    position = models.BigIntegerField()  # the last dead letter's seq that was looked at
    last = models.BigIntegerField()  # the last one's that it may look at
    full_at = MomentField()  # when its rate's bucket is full again
    made_at = MomentField()
    made_by = models.TextField()
    changed_at = MomentField()

    class Meta:
        managed = False
        db_table = "redrive"
        verbose_name = "redrive"


class ArchivedEventRow(Fact):
    """An archive's copy of an event."""

    seq = models.BigIntegerField(primary_key=True)
    archive_id = models.BigIntegerField()
    bytes = models.BigIntegerField()
    id = models.UUIDField()
    bus_id = models.BigIntegerField()
    bus = models.TextField()
    source = models.TextField()
    detail_type = models.TextField()
    time = MomentField()
    accepted_at = MomentField()
    resources = models.TextField()
    detail = models.TextField()
    attributes = models.TextField()
    key = models.TextField(null=True)
    who = models.TextField()
    cause_id = models.UUIDField(null=True)
    hops = models.IntegerField()

    class Meta:
        managed = False
        db_table = "archived_event"
        verbose_name = "archived event"


class ReplayRow(Fact):
    """A replay; ``archiving.ReplayState`` says what ``state`` may be."""

    id = models.BigIntegerField(primary_key=True)
    name = models.TextField()
    description = models.TextField()
    archive_id = models.BigIntegerField()
    archive = models.TextField()
    bus_id = models.BigIntegerField()
    bus = models.TextField()
    since = MomentField()
    until = MomentField()
    rules = models.TextField()  # JSON object: the ids and the ARNs of the rules that see the events
    per_second = models.FloatField()
    made_at = MomentField()
    made_by = models.TextField()
    state = models.TextField()
    reason = models.TextField()
    total = models.BigIntegerField()  # events in its window when it was made
    done = models.BigIntegerField()
    started_at = MomentField(null=True)
    last_at = MomentField(null=True)  # when the last event that was put was accepted the first time
    ended_at = MomentField(null=True)
    position = models.UUIDField(null=True)  # of the last archived event that was put
    full_at = MomentField()  # when its rate's bucket is full again

    class Meta:
        managed = False
        db_table = "replay"
        verbose_name = "replay"


class EventTypeRow(Fact):
    """A source and a type that a bus has seen, counted with routing."""

    id = models.BigIntegerField(primary_key=True)
    bus_id = models.BigIntegerField()
    source = models.TextField()
    detail_type = models.TextField()
    first_at = MomentField()  # when the first and the last of them were accepted
    last_at = MomentField()
    events = models.BigIntegerField()
    event_id = models.UUIDField()  # the newest

    class Meta:
        managed = False
        db_table = "event_type"
        verbose_name = "event type"


class RulesetRow(Fact):
    """The rule versions in force on a bus when events were routed; ``rules`` is a JSON array."""

    id = models.BigIntegerField(primary_key=True)
    bus_id = models.BigIntegerField()
    digest = models.TextField()
    rules = models.TextField()

    class Meta:
        managed = False
        db_table = "ruleset"


class RepeatedRow(Fact):
    """An event whose idempotency key came again; one that was seen once only has no row."""

    event_id = models.UUIDField(primary_key=True)
    times = models.IntegerField()  # beside the first one
    last_at = MomentField()

    class Meta:
        managed = False
        db_table = "repeated"
