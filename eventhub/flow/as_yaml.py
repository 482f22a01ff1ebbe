"""Values as YAML, as people keep it in git: texts of several lines as they are, nothing abbreviated."""

import re
from typing import Any

import yaml

# Line ends of YAML that are no line ends to anybody else, and what editors hide.
_ESCAPED = re.compile("[\x85\u2028\u2029\ufeff\r]")


def write(value: Any) -> str:
    """Return a value as YAML that reads to the same value."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they are."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    style = '"' if _ESCAPED.search(value) else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)
