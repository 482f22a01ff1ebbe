"""Optional dependencies: which client library a kind needs, and how to get it."""

import importlib.util


def missing_extra(module: str) -> str:
    """Say what is missing unless ``module`` can be imported; empty if it can."""
    if importlib.util.find_spec(module) is not None:
        return ""
    return f"the client library {module} is not installed: make install-extras"
