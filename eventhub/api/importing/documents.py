"""Reading YAML and JSON: strictly, without objects of any language, and without ways to make little much."""

import json
from typing import Any

import yaml

from eventhub.api.importing.report import ImportRefusedError

MAX_BYTES = 4 * 2**20


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
    if len(text.encode()) > MAX_BYTES:
        raise ImportRefusedError(f"wanted at most {MAX_BYTES >> 20} MiB, found more")
    if text.lstrip()[:1] in {"{", "["}:
        return _json(text)
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        raise ImportRefusedError(f"{_at(mark)}: {problem}" if mark else str(problem)) from error
    except RecursionError as error:
        raise ImportRefusedError("it is nested too deeply") from error


def _json(text: str) -> Any:
    decoder = json.JSONDecoder(object_pairs_hook=_once)
    found, place = [], 0
    try:
        while place < len(text):
            value, place = decoder.raw_decode(text, place)
            found.append(value)
            place += len(text[place:]) - len(text[place:].lstrip())
    except json.JSONDecodeError as error:
        raise ImportRefusedError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise ImportRefusedError("it is nested too deeply") from error
    return found[0] if len(found) == 1 else found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ImportRefusedError(f"{twice!r} is there twice in one object")
    return found


def _at(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they are."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def write(value: Any) -> str:
    """Return a value as YAML that ``read`` reads to the same value."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
