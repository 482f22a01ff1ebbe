"""EventBridge's service model, as botocore publishes it: the operations and the shapes of what they take.

Only its data is read; importing botocore itself would cost each process 30 MiB. The texts for people in it
are left out.
"""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

API_VERSION = "2015-10-07"


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape; what it consists of is named, and looked up in ``Model.shapes``."""

    name: str
    type: str  # structure, list, map, string, integer, long, timestamp, boolean
    members: Mapping[str, str]  # of a structure: the shape of each member
    required: frozenset[str]
    member: str  # of a list; of a map: its values
    key: str  # of a map
    least: int | None  # the least length, or value of a number
    most: int | None
    pattern: str  # as AWS says it in errors
    allowed: tuple[str, ...]  # the values of an enumeration
    is_sensitive: bool

    def is_matched_by(self, text: str) -> bool:
        """Tell whether a string satisfies the shape's pattern."""
        return not self.pattern or _compiled(self.pattern).fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Model:
    """The service: what each operation takes, and all shapes."""

    inputs: Mapping[str, str]  # the shape that each operation takes; empty if it takes nothing
    shapes: Mapping[str, Shape]


@lru_cache(maxsize=1)
def service() -> Model:
    """Return the model, read the first time it is asked for."""
    packed = files("botocore") / "data" / "events" / API_VERSION / "service-2.json.gz"
    document = json.loads(gzip.decompress(packed.read_bytes()))
    return Model(
        inputs={
            name: operation.get("input", {}).get("shape", "")
            for name, operation in document["operations"].items()
        },
        shapes={name: _shape(name, said) for name, said in document["shapes"].items()},
    )


def _shape(name: str, said: Mapping[str, Any]) -> Shape:
    return Shape(
        name=name,
        type=said["type"],
        members={member: of["shape"] for member, of in said.get("members", {}).items()},
        required=frozenset(said.get("required", ())),
        member=said.get("member", said.get("value", {})).get("shape", ""),
        key=said.get("key", {}).get("shape", ""),
        least=said.get("min"),
        most=said.get("max"),
        pattern=said.get("pattern", ""),
        allowed=tuple(said.get("enum", ())),
        is_sensitive=bool(said.get("sensitive")),
    )


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Java's classes of letters, separators and digits, which Python's expressions do not know by these names.
    text = pattern.replace(r"\p{L}", r"^\W_").replace(r"\p{Z}", r"\s").replace(r"\p{N}", r"\d")
    return re.compile(text.replace(r"[^\W_\s\d", r"[\w\s"), re.ASCII if r"\p" not in pattern else 0)
