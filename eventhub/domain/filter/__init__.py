"""The one-line search language: one parser for REST, pages and the live stream.

::

    text ─ parse ─> Filter (a tree of terms) ─┬─ compile_filter ─> predicate over EventView
                                              ├─ str ─> canonical text
                                              └─ journal.search: what indexes answer, what is scanned

    filter   = either
    either   = all { "OR" all }
    all      = one { one }                      side by side is AND
    one      = "-" one | "(" either ")" | term
    term     = word ":" test | value            a value alone is looked for as text
    word     = bus source type key trace rule target status attempts latency id text after before
             | "detail" path
    path     = { "." name | "[" number "]" | "[*]" }      a name may be quoted
    test     = value { "|" value } | (">" | ">=" | "<" | "<=") number | "exists"
    value    = { characters | "*" | quoted }    no blank, quote, "|" or ")" unless quoted; ``*`` is any text

What holds: parsing ends with a ``Filter`` or a ``FilterError`` that names the column, whatever the text; its
cost is bounded by ``limits``; and ``parse(str(filter))`` is the same filter.

What rule: and target: say beside status:, attempts: and latency: narrows these: they are then asked of the
deliveries of that rule to that target alone. Without them they are asked of the event as a whole, in the
words that pages show.
"""

from eventhub.domain.filter.complete import Candidate, CandidateKind, Completion, Known, complete, place_of
from eventhub.domain.filter.error import FilterError
from eventhub.domain.filter.evaluate import Predicate, compile_filter
from eventhub.domain.filter.parse import parse
from eventhub.domain.filter.terms import Filter, path_text
from eventhub.domain.filter.view import EventView, LegView

__all__ = [
    "Candidate",
    "CandidateKind",
    "Completion",
    "EventView",
    "Filter",
    "FilterError",
    "Known",
    "LegView",
    "Predicate",
    "compile_filter",
    "complete",
    "parse",
    "path_text",
    "place_of",
]
