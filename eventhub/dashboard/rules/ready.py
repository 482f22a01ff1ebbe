"""Patterns to begin with: each shows one idea of the language, and is one that people want."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """A pattern, and what it is for."""

    label: str
    said: str
    pattern: str


READY: Mapping[str, Ready] = {
    "everything": Ready(
        "Everything on the bus",
        "For an archive, or a log of all that happens.",
        '{\n  "source": [{"exists": true}]\n}',
    ),
    "one-type": Ready(
        "One type from one source",
        "The usual case: one kind of fact from one producer.",
        '{\n  "source": ["shop.web"],\n  "detail-type": ["Order Placed"]\n}',
    ),
    "family": Ready(
        "A family of sources",
        "All producers whose name begins the same.",
        '{\n  "source": [{"prefix": "shop."}]\n}',
    ),
    "threshold": Ready(
        "Above a threshold",
        "Only what is large enough to look at.",
        '{\n  "detail-type": ["Order Placed"],\n  "detail": {\n'
        '    "amount": [{"numeric": [">", 100]}]\n  }\n}',
    ),
    "either": Ready(
        "One of two reasons",
        "Either condition is enough.",
        '{\n  "detail": {\n    "$or": [\n      {"amount": [{"numeric": [">=", 1000]}]},\n'
        '      {"country": [{"anything-but": ["DE", "AT"]}]}\n    ]\n  }\n}',
    ),
}
