"""The rule that an address names, if the reader may see it."""

from django.http import Http404

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.models import Bus, Rule


def rule_seen(pk: int, caller: Caller) -> Rule:
    """Return a rule with its bus; 404 for one that is not there, or not for this reader."""
    rules = seen.on_buses(Rule.objects.select_related("bus"), caller, Scope.RULES_READ)
    rule: Rule | None = rules.filter(pk=pk).first() if pk < 2**63 else None
    if rule is None:
        raise Http404(f"there is no rule {pk}")
    return rule


def bus_seen(name: str, caller: Caller) -> Bus:
    """Return a bus by name; 404 as above."""
    bus = seen.buses(caller, Scope.RULES_READ).filter(name=name).first()
    if bus is None:
        raise Http404(f"there is no bus {name!r:.80}")
    return bus
