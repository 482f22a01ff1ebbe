"""Terraform's plan as JSON (``terraform show -json plan``): the resources ``aws_cloudwatch_event_*``.

What is known only after the plan was applied, above all ARNs, is worked out from what it refers to, or its
resource is left out.
"""

from collections.abc import Callable, Mapping
from typing import Any

from eventhub.api.importing.block import PREFIX, Block, name_for
from eventhub.api.importing.plan import Plan, Values
from eventhub.api.importing.provider import READ, RULE, TARGET, rule_of, target_of, unread
from eventhub.api.importing.report import BROKEN, Remark, Report, UnsupportedError, broken
from eventhub.api.importing.resources import Resource


def is_one(document: Any) -> bool:
    """Tell whether a document is a plan, or a state, of Terraform."""
    return isinstance(document, dict) and bool(document.keys() & {"planned_values", "values"})


def read(document: Mapping[str, Any], *, arns: Mapping[str, str], report: Report) -> list[Resource]:
    """Return a plan's resources; what has no counterpart is noted in the report."""
    plan = Plan(document)
    found: list[Resource] = []
    rules: dict[str, Block] = {}
    targets: list[Block] = []
    for address, one in plan.resources.items():
        kind, values = str(one.get("type", "")), one.get("values")
        if not kind.startswith(PREFIX) or one.get("mode") == "data":
            continue
        if not isinstance(values, dict):
            report.unsupported.append(Remark(address, "wanted an object of values, found none"))
            continue
        configured = plan.configured(address).get("expressions")
        unknown = plan.unknown(address)
        block = Block(plan, report, arns, address, values, unknown=unknown, expressions=configured)
        if kind == RULE:
            rules[address] = block
        elif kind == TARGET:
            targets.append(block)
        elif kind in READ:
            what, of = READ[kind]
            found.append(Resource(address, what, _later(of, block)))
        else:
            report.unsupported.append(Remark(address, f"{kind} has no counterpart here"))
        unread(kind, block)
    unused = arns.keys() - plan.resources.keys()
    report.notes += [Remark(f"ARN of {name}", "the plan has no such resource") for name in sorted(unused)]
    return [*found, *_of_rules(rules, targets, report)]


def _later(of: Callable[[Block], Values], block: Block) -> Callable[[], Values]:
    return lambda: _without_nothing(of(block))


def _of_rules(rules: Mapping[str, Block], targets: list[Block], report: Report) -> list[Resource]:
    """Return the rules, each with its targets, which name it or refer to it."""
    by_name: dict[tuple[str, str], str] = {}
    names: dict[str, tuple[str, str]] = {}
    for address, block in rules.items():
        try:
            bus = block.bus()
        except UnsupportedError as error:
            report.unsupported.append(Remark(address, str(error)))
            continue
        except BROKEN as error:
            report.refused.append(broken(address, error))
            continue
        name = block.values.get("name")
        own = (bus, name if isinstance(name, str) and name else name_for(address))
        if own in by_name:
            report.unsupported.append(
                Remark(address, f"{by_name[own]} is a rule {own[1]} of bus {bus} already")
            )
            continue
        if own[1] != name:
            block.note(f"name is not known yet: took {own[1]}")
        names[address], by_name[own] = own, address
    having: dict[str, list[Block]] = {address: [] for address in names}
    for block in targets:
        try:
            having[_rule_of(block, by_name, having)].append(block)
        except UnsupportedError as error:
            report.unsupported.append(Remark(block.address, str(error)))
        except BROKEN as error:
            report.refused.append(broken(block.address, error))
    return [
        Resource(address, "rule", _rule(rules[address], *names[address], having[address], report))
        for address in names
    ]


def _rule_of(block: Block, by_name: Mapping[tuple[str, str], str], there: Mapping[str, Any]) -> str:
    """Return the address of a target's rule."""
    found, name = "", block.values.get("rule")
    if isinstance(name, str) and name:
        found = by_name.get((block.bus(), name), "")
    elif referred := block.resource("rule"):
        found = name = referred.address
    else:
        name = block.required("rule")
    if found not in there:
        raise UnsupportedError(f"the plan has no rule {name!r} for it, or that is left out")
    return found


def _rule(block: Block, bus: str, name: str, targets: list[Block], report: Report) -> Callable[[], Values]:
    def properties() -> Values:
        try:
            said = rule_of(block) | {"Name": name, "EventBusName": bus}
        except UnsupportedError:
            report.unsupported += [
                Remark(one.address, f"its rule {block.address} is left out") for one in targets
            ]
            raise
        made: dict[str, Values] = {}
        for one in targets:
            try:
                target = _without_nothing(target_of(one, report))
                if not isinstance(target["Id"], str):
                    raise UnsupportedError(f"target_id: wanted a text, found {target['Id']!r:.80}")
                if target["Id"] in made:
                    raise UnsupportedError(f"the rule has another target {target['Id']}")
                made[target["Id"]] = target
            except UnsupportedError as error:
                report.unsupported.append(Remark(one.address, str(error)))
        return _without_nothing(said) | {"Targets": list(made.values())}

    return properties


def _without_nothing(said: Values) -> Values:
    return {name: value for name, value in said.items() if value is not None}
