"""Terraform's plan: its resources by address, what is not known yet, and what that refers to.

A plan tells values, marks what is known only after applying (``after_unknown``), and of the configuration
which names an expression refers to, but not the expression: ``q[each.key].arn`` and
``q["${each.key}-dlq"].arn`` look alike. So a reference is taken only if it can mean one resource alone.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from eventhub.api.importing.report import ImportRefusedError, UnsupportedError

Values = dict[str, Any]
_KEY = r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]'
_STEP = re.compile(rf"(?P<name>[\w-]+)(?P<key>{_KEY})?(?:\.|\Z)")
_MAX_DEPTH = 20  # of modules that hand on what they were handed
_MAX_COMPARED = 1000  # each with each: of keys, and of references
_OWN = {"each.key", "count.index"}
# Names that are no types: of what a module is handed, or works out.
_SCOPES = {"var", "local", "module", "each", "count", "data", "path", "self", "terraform"}


@dataclass(frozen=True, slots=True)
class Instance:
    """Where something stands: the modules that it is in, each with its key, and its own key and name."""

    modules: tuple[tuple[str, str], ...] = ()
    key: str = ""
    name: str = field(default="", repr=False)

    @property
    def prefix(self) -> str:
        """Return the address of the module, with a dot at its end if there is one."""
        return "".join(f"module.{name}{key}." for name, key in self.modules)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the modules, by which the configuration has them."""
        return tuple(name for name, _ in self.modules)


@dataclass(frozen=True, slots=True)
class Referred:
    """What an expression means: an attribute of a resource; empty if the plan does not tell which."""

    address: str
    attribute: str


class Plan:
    """A plan, or a state, which has no configuration and nothing unknown."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        where = "planned_values" if document.get("planned_values") is not None else "values"
        planned = _object(document.get(where), where)
        if planned.get("root_module") is None:
            raise ImportRefusedError(f"{where}: wanted an object with root_module")
        self.resources: dict[str, Values] = {}
        for one in _resources(_object(planned.get("root_module"), f"{where}.root_module"), where):
            self.resources[one["address"]] = one
        self._keys = _keys_of(self.resources)
        self._same_keys: dict[tuple[tuple[tuple[str, str], ...], str, str], bool] = {}
        self.has_configuration = document.get("configuration") is not None
        self._resources: dict[tuple[tuple[str, ...], str], Values] = {}
        self._modules: dict[tuple[str, ...], tuple[Values, Values]] = {}
        configuration = _object(document.get("configuration"), "configuration")
        self._configure(_object(configuration.get("root_module"), "configuration.root_module"), ())
        self._unknown: dict[str, Any] = {}
        for place, one in enumerate(_list(document.get("resource_changes"), "resource_changes")):
            change = _object(_object(one, f"resource_changes[{place}]").get("change"), "change")
            self._unknown[str(one.get("address"))] = change.get("after_unknown")

    def unknown(self, address: str) -> Any:
        """Return the marks of what is unknown of a resource: an object, or None if the plan has none."""
        return self._unknown.get(address)

    def configured(self, address: str) -> Values:
        """Return what the configuration says of a resource: ``expressions`` and more."""
        instance, kind_and_name = placed(address)
        return self._resources.get((instance.names, kind_and_name), {})

    def referred(self, address: str, expression: Any) -> Referred | None:
        """Return what an argument of a resource refers to, if it can mean one thing alone.

        Raises UnsupportedError if it may be any of several instances of a resource.
        """
        each = _references(self.configured(address).get("for_each_expression"))
        return self._meant(_references(expression), placed(address)[0], each, 0)

    def _meant(self, references: list[str], here: Instance, each: list[str], depth: int) -> Referred | None:
        full = _in_full(references)
        if depth > _MAX_DEPTH or len(full) != 1:
            return self._of_own_key(full, here) if len(full) == 2 else None
        steps = _steps(full[0])
        match [name for name, _ in steps]:
            case ["var", _]:
                return self._handed_in(steps, here, depth)
            case ["module", _, _]:
                return self._handed_out(steps, here, depth)
            case ["each", "value", attribute]:
                things = _in_full(each)
                is_one = len(things) == 1 and here.key and _is_resource(things[0])
                return Referred(self._with_key(things[0], here), attribute) if is_one else None
            case ["data", _, _, attribute]:
                pass
            case [kind, _, attribute] if kind not in _SCOPES:
                pass
            case _:
                return None
        is_plain = not steps[-1][1]  # and no member of a list
        return Referred(f"{here.prefix}{full[0].rpartition('.')[0]}", attribute) if is_plain else None

    def _handed_in(self, steps: list[tuple[str, str]], here: Instance, depth: int) -> Referred | None:
        """Follow a variable of a module to what its caller gives."""
        if not here.modules or steps[1][1]:
            return None
        call, _ = self._modules.get(here.names, ({}, {}))
        expressions = call.get("expressions")
        said = expressions.get(steps[1][0]) if isinstance(expressions, dict) else None
        name, key = here.modules[-1]
        caller = Instance(here.modules[:-1], key, f"module.{name}")
        return self._meant(_references(said), caller, _references(call.get("for_each_expression")), depth + 1)

    def _handed_out(self, steps: list[tuple[str, str]], here: Instance, depth: int) -> Referred | None:
        """Follow an output of a module to what it tells."""
        inner = Instance((*here.modules, steps[1]))
        _, module = self._modules.get(inner.names, ({}, {}))
        outputs = module.get("outputs")
        said = outputs.get(steps[2][0]) if isinstance(outputs, dict) else None
        expression = said.get("expression") if isinstance(said, dict) else None
        return self._meant(_references(expression), inner, [], depth + 1)

    def _of_own_key(self, full: list[str], here: Instance) -> Referred | None:
        """Return what ``q[each.key]`` or ``q[count.index]`` means, if two references come from that."""
        thing, own = sorted(full, key=_OWN.__contains__)
        is_of_own = own in _OWN and bool(here.key) and (here.key[1] == '"') is (own == "each.key")
        return Referred(self._with_key(thing, here), "") if is_of_own and _is_resource(thing) else None

    def _with_key(self, thing: str, here: Instance) -> str:
        """Return the address of the instance that is meant by a key of one's own, or by one made of it.

        It is sure if there is one instance alone. It also is if instances of both have the same texts as
        keys and none is a part of another: nothing that is added to a key, or taken away, is a key then. Of
        numbers that does not hold (``q[1 - count.index]``). Raises UnsupportedError if it is not sure.
        """
        keys = self._keys.get((here.modules, thing), frozenset())
        if len(keys) == 1 and "" not in keys:
            return f"{here.prefix}{thing}{next(iter(keys))}"
        if here.key.startswith('["') and self._have_same_keys(here.modules, here.name, thing):
            return f"{here.prefix}{thing}{here.key}"
        raise UnsupportedError(f"which instance of {here.prefix}{thing} is meant is not told by the plan")

    def _have_same_keys(self, modules: tuple[tuple[str, str], ...], name: str, thing: str) -> bool:
        """Tell whether two have the same keys, of which none is a part of another; found out once."""
        known = self._same_keys.get((modules, name, thing))
        if known is None:
            keys = self._keys.get((modules, thing), frozenset())
            known = keys == self._keys.get((modules, name)) and _stand_apart(keys)
            self._same_keys[modules, name, thing] = known
        return known

    def _configure(self, module: Values, names: tuple[str, ...]) -> None:
        where = "configuration of " + (".".join(names) or "the root module")
        for place, said in enumerate(_list(module.get("resources"), where)):
            one = _object(said, f"{where}: resources[{place}]")
            self._resources[names, str(one.get("address"))] = one
        for name, call in _object(module.get("module_calls"), where).items():
            said = _object(call, f"{where}: module {name}")
            inner = _object(said.get("module"), f"{where}: module {name}")
            self._modules[*names, name] = (said, inner)
            self._configure(inner, (*names, name))


def placed(address: str) -> tuple[Instance, str]:
    """Return where a resource stands, and its type and name.

    >>> placed('module.a["x.y"].aws_sqs_queue.q[1]')
    (Instance(modules=(('a', '["x.y"]'),), key='[1]'), 'aws_sqs_queue.q')
    """
    steps = _steps(address)
    modules = []
    while len(steps) > 2 and steps[0][0] == "module":
        modules.append(steps[1])
        steps = steps[2:]
    key = steps[-1][1] if steps else ""
    name = ".".join(name for name, _ in steps)
    return Instance(tuple(modules), key, name), name


def _keys_of(addresses: Iterable[str]) -> dict[tuple[tuple[tuple[str, str], ...], str], frozenset[str]]:
    """Return the keys of the instances of each resource and module, by the modules it is in and its name."""
    found: dict[tuple[tuple[tuple[str, str], ...], str], set[str]] = {}
    for address in addresses:
        instance, name = placed(address)
        found.setdefault((instance.modules, name), set()).add(instance.key)
        for place, (module, key) in enumerate(instance.modules):
            found.setdefault((instance.modules[:place], f"module.{module}"), set()).add(key)
    return {where: frozenset(keys) for where, keys in found.items()}


def _stand_apart(keys: Collection[str]) -> bool:
    """Tell whether no key is a part of another, also if capitals are small letters; of too many: no."""
    texts = [key[2:-2].casefold() for key in keys]
    return len(texts) <= _MAX_COMPARED and not any(
        place != other and text in longer
        for place, text in enumerate(texts)
        for other, longer in enumerate(texts)
    )


def _steps(text: str) -> list[tuple[str, str]]:
    """Return the names of an address, each with its key; none if it is no address."""
    found, at = [], 0
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            return []
        found.append((step["name"], step["key"] or ""))
        at = step.end()
    return found


def _continues(longer: str, text: str) -> bool:
    return longer != text and longer.startswith((f"{text}.", f"{text}["))


def _in_full(references: list[str]) -> list[str]:
    """Return the references without those that are the beginning of others; of too many: all of them."""
    if len(references) > _MAX_COMPARED:
        return references
    return [one for one in references if not any(_continues(other, one) for other in references)]


def _is_resource(reference: str) -> bool:
    return reference.count(".") == 1 and "[" not in reference and reference.partition(".")[0] not in _SCOPES


def _references(expression: Any) -> list[str]:
    said = expression.get("references") if isinstance(expression, dict) else None
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []


def _resources(module: Values, where: str) -> Iterator[Values]:
    for place, one in enumerate(_list(module.get("resources"), f"{where}: resources")):
        if not isinstance(one, dict) or not isinstance(one.get("address"), str):
            raise ImportRefusedError(f"{where}: resources[{place}]: wanted an object with an address")
        yield one
    for place, child in enumerate(_list(module.get("child_modules"), f"{where}: child_modules")):
        yield from _resources(_object(child, f"{where}: child_modules[{place}]"), where)


def _object(value: Any, where: str) -> Values:
    if value is not None and not isinstance(value, dict):
        raise ImportRefusedError(f"{where}: wanted an object, found {type(value).__name__}")
    return value or {}


def _list(value: Any, where: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise ImportRefusedError(f"{where}: wanted a list, found {type(value).__name__}")
    return value or []
