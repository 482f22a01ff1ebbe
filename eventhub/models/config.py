"""What ``config`` may hold whatever it configures: an object, of texts that every database can keep."""

from typing import Any


def refused_config(config: Any) -> str:
    """Say why a value cannot be stored as ``config``, or nothing.

    >>> refused_config({"headers": {"X-Shop": "north"}})
    ''
    >>> refused_config(["north"])
    'wanted an object, found list'
    """
    if not isinstance(config, dict):
        return f"wanted an object, found {type(config).__name__}"
    # PostgreSQL's jsonb refuses them.
    return "wanted texts without null characters" if _holds_null(config) else ""


def _holds_null(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_holds_null(inner) for pair in value.items() for inner in pair)
    return isinstance(value, list) and any(_holds_null(inner) for inner in value)
