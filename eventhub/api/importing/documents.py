"""Reading YAML and JSON: strictly, without objects of any language, and without ways to make little much."""

import json
import math
import re
from typing import Any

import yaml

from eventhub.api.importing.report import ImportRefusedError

MAX_BYTES = 4 * 2**20
MAX_DEPTH = 200
MAX_DIGITS = 1000
# What no database keeps as text (PostgreSQL has no null character; half a pair is no character at all).
_UNKEPT = re.compile("[\0\ud800-\udfff]")


class _Loader(yaml.SafeLoader):
    """Plain values; twice the same key and aliases are refused, dates stay text."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise ImportRefusedError(f"{_at(event.start_mark)}: aliases (*{event.anchor}) are not taken")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise ImportRefusedError(f"{_at(key_node.start_mark)}: wanted a text as the name of a member")
            if key_node.value in keys:
                raise ImportRefusedError(f"{_at(key_node.start_mark)}: {key_node.value!r} is there twice")
            keys.add(key_node.value)
        return {str(key): value for key, value in super().construct_mapping(node, deep=deep).items()}


def _number(loader: _Loader, node: Any) -> float:
    found: float = yaml.SafeLoader.construct_yaml_float(loader, node)
    if not math.isfinite(found):
        raise ImportRefusedError(f"{_at(node.start_mark)}: wanted a number, found {node.value}")
    return found


def _integer(loader: _Loader, node: Any) -> int:
    if len(str(node.value)) > MAX_DIGITS:
        raise ImportRefusedError(
            f"{_at(node.start_mark)}: wanted a number of at most {MAX_DIGITS} digits, found {node.value:.20}…"
        )
    found: int = yaml.SafeLoader.construct_yaml_int(loader, node)
    return found


# Dates, bytes, sets and what else YAML has beside JSON's values are refused where a file asks for them.
_Loader.yaml_constructors = {
    tag: constructor
    for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in {"null", "bool", "str", "seq", "map"}
} | {"tag:yaml.org,2002:float": _number, "tag:yaml.org,2002:int": _integer}

# CloudFormation's Version is a date to YAML and a text to everybody else.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: _Loader, suffix: str, node: Any) -> dict[str, Any]:
    """Return the long form of one of CloudFormation's functions: ``!Sub …``."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix in {"Ref", "Condition"}:
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def read(text: str) -> Any:
    """Return the value of a YAML or JSON text, or the list of the JSON values that follow one another.

    Raises ImportRefusedError with line and column.
    """
    text = text.removeprefix("\ufeff")
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise ImportRefusedError(f"wanted at most {MAX_BYTES >> 20} MiB, found more")
    value = _json(text) if text.lstrip()[:1] in {"{", "["} else _yaml(text)
    _check(value)
    return value


def _check(value: Any) -> None:
    """Refuse what is nested too deeply for anything to be made of it, and texts that cannot be kept."""
    waiting: list[tuple[Any, str, int]] = [(value, "", 0)]
    while waiting:
        one, path, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise ImportRefusedError("it is nested too deeply")
        if isinstance(one, dict):
            waiting += [(key, path, depth) for key in one]
            waiting += [(said, f"{path}.{key}".lstrip("."), depth + 1) for key, said in one.items()]
        elif isinstance(one, list):
            waiting += [(said, f"{path}[{place}]", depth + 1) for place, said in enumerate(one)]
        elif isinstance(one, str) and (found := _UNKEPT.search(one)):
            what = f"a character with the code {ord(found[0]):#06x}"
            raise ImportRefusedError(f"{path or 'the text'}: wanted a text, found {what} in it"[:400])


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except (ValueError, KeyError, OverflowError) as error:
        if isinstance(error, ImportRefusedError):
            raise
        # What a tag says to be a number or a truth value, and is none.
        raise ImportRefusedError(f"wanted values of the types that they are said to have: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise ImportRefusedError(f"{_at(mark)}: {problem}" if mark else str(problem)) from error
    except RecursionError as error:
        raise ImportRefusedError("it is nested too deeply") from error


def _json(text: str) -> Any:
    decoder = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)
    found, place = [], 0
    try:
        while place < len(text):
            value, place = decoder.raw_decode(text, place)
            found.append(value)
            place += len(text[place:]) - len(text[place:].lstrip())
    except json.JSONDecodeError as error:
        raise ImportRefusedError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except ImportRefusedError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise ImportRefusedError(f"wanted numbers of a reasonable length: {error}") from error
    except RecursionError as error:
        raise ImportRefusedError("it is nested too deeply") from error
    return found[0] if len(found) == 1 else found


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ImportRefusedError(f"wanted a number, found {text[:40]}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ImportRefusedError(f"{twice!r} is there twice in one object")
    return found


def _at(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"
