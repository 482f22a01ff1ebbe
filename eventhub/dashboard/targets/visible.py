"""Which targets somebody may see and change, as in the admin; and what they are called."""

from django.db.models import Q, QuerySet

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.models import Target
from eventhub.targets.kinds import KINDS
from eventhub.targets.shown import masked_url


def targets_seen(caller: Caller) -> QuerySet[Target]:
    """Return the targets of rules that the caller sees, but none that would show a bus that they do not."""
    bus_ids = caller.buses(Scope.RULES_READ)
    found = seen.targets(caller)
    return found if bus_ids is None else found.filter(Q(bus=None) | Q(bus_id__in=bus_ids))


def may_change(caller: Caller, target: Target) -> bool:
    """Tell whether the caller may change a target: an editor of every bus; some kinds only administrators."""
    kind = KINDS.get(target.kind)
    if kind is not None and getattr(kind, "administrators_only", False):
        return caller.may_everywhere(Scope.ADMIN)
    return caller.may_everywhere(Scope.RULES_WRITE)


def shown_address(target: Target) -> str:
    """Return where a target delivers, beside its kind; what an address calls a credential is masked."""
    return target.bus.name if target.bus is not None else masked_url(target.address)


def kind_title(target: Target) -> str:
    """Return what a target's kind is called."""
    kind = KINDS.get(target.kind)
    return target.kind if kind is None else kind.title
