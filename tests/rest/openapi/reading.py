"""Reading the document."""

from collections.abc import Iterator
from typing import Any


def operations_of(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Yield method, path and operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def examples_of(operation: Any) -> dict[str, Any]:
    """Return the bodies of an operation's examples by name."""
    if "requestBody" not in operation:
        return {}
    return {
        name: example["value"]
        for content in operation["requestBody"]["content"].values()
        for name, example in content.get("examples", {}).items()
    }
