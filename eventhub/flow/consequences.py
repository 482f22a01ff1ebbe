"""What deleting something does, in figures, for whoever is asked whether they mean it.

Only what cannot be seen from the thing itself is told: what goes with it, what becomes of what waits, and
what nothing uses afterwards. What is recorded of it stays readable, and the audit trail can make it anew.
"""

from collections.abc import Collection

from django.db.models import Q

from eventhub.flow.archives import size_of
from eventhub.flow.process import NotRunningError, parts
from eventhub.journal.queued import MOST_COUNTED, pending_by_bus, pending_of_rules, pending_on
from eventhub.models import Archive, Bus, Rule, Target


def consequences_of(row: object) -> list[str] | None:
    """Return sentences on what deleting a rule, bus, target or archive does, none if nothing else is touched.

    Of anything else it returns None: we do not know.
    """
    match row:
        case Rule():
            return [*_of_rules([row.pk]), *_waiting(pending_of_rules([row.pk]).get(row.pk, 0))]
        case Bus():
            return _of_bus(row)
        case Target():
            pending, _oldest = pending_on(row.pk, list(Bus.objects.values_list("pk", flat=True)))
            return _waiting(pending)
        case Archive():
            return _of_archive(row)
    return None


def _of_bus(bus: Bus) -> list[str]:
    rules = dict(bus.rules.order_by("name").values_list("pk", "name"))
    rule_ids = list(rules)
    said = []
    if rules:
        said.append(f"{_many(len(rules), 'rule')} {_go(len(rules))} with it: {_names([*rules.values()])}.")
    pending, _oldest = pending_by_bus().get(bus.pk, (0, None))
    return [*said, *_of_rules(rule_ids), *_waiting(pending)]


def _of_archive(archive: Archive) -> list[str]:
    try:
        events = size_of(parts().journal, archive).events
    except NotRunningError:  # outside a role nobody counts them
        return ["The events that it keeps can be replayed no more."]
    return [f"{_many(events, 'event')} that it keeps {_go(events)} with it."] if events else []


def _of_rules(rule_ids: Collection[int]) -> list[str]:
    """Say which targets nothing uses once these rules are gone, and which go with them."""
    theirs = Target.objects.filter(links__rule_id__in=rule_ids).distinct()
    left = Q(links__isnull=False) & ~Q(links__rule_id__in=rule_ids)
    used = set(Target.objects.filter(left).values_list("pk", flat=True))
    alone = [
        one for one in theirs.order_by("name") if one.pk not in used and not one.dead_letters_of.exists()
    ]
    gone = [one.name for one in alone if one.owned]
    unused = [one.name for one in alone if not one.owned]
    said = []
    if gone:
        said.append(f"{_many(len(gone), 'target')} made for it alone {_go(len(gone))} too: {_names(gone)}.")
    if unused:
        said.append(f"{_many(len(unused), 'target')} will be used by nothing: {_names(unused)}.")
    return said


def _waiting(pending: int) -> list[str]:
    if not pending:
        return []
    more = " or more" if pending >= MOST_COUNTED else ""
    what = (
        "delivery that waits becomes a dead letter"
        if pending == 1
        else "deliveries that wait become dead letters"
    )
    return [f"{pending:,}{more} {what}, with the reason deleted."]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _go(count: int) -> str:
    return "goes" if count == 1 else "go"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
