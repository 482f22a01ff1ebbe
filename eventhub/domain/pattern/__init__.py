"""The event-pattern language: pure Python, no Django.

    text ── parse ──▶ Pattern ── match ──▶ Verdict            one pattern, one event
                         │
                         ├── RuleIndex.add; .match ──▶ Matches   many patterns, one event
                         ├── explain ──▶ Explanation, near_misses   why, and how near
                         ├── backtest ──▶ Backtest                  of what came already
                         └── english ──▶ str                        the whole in one sentence

`parse` reads the text of a pattern left to right and refuses it at the first
fault (`PatternError`: in our words, and in EventBridge's). `Pattern` keeps the
tree as written and the branches that `$or` expands it to. `match` flattens the
event (`flatten`), tries the operators (`operators/`, one module each) on the
leaves, and holds the fields to the same elements of arrays (`consistency`); it
is the definition of right. `RuleIndex` answers the same for many rules at once:

    event ── values ──▶ guards ──▶ leaf ──▶ consistency ──▶ rule ids
             read once  what leads  what is  only if two fields
             per path   to rules    left     lie in arrays
                                    to ask

Invariants. Whatever the text, `parse` raises nothing but `PatternError`.
Whatever the event, matching ends: it is linear in the event where each path
leads through one chain of arrays (`chains`, where branches are many), and counts
its steps elsewhere; a search that is given up is its own verdict, TOO_COMPLEX,
which callers must show. A step is about a microsecond, whatever the pattern and
the event. Explaining counts what it looks at, too, and tells what it did not.

>>> pattern = parse('{"detail": {"amount": [{"numeric": [">", 500]}]}}')
>>> matches(pattern, {"detail": {"amount": 501}})
True
"""

from eventhub.domain.pattern.backtest import Backtest, Fate, backtest
from eventhub.domain.pattern.english import english, rule_in_english
from eventhub.domain.pattern.error import PatternError
from eventhub.domain.pattern.explain import Explanation, explain
from eventhub.domain.pattern.index import Matches, RuleIndex
from eventhub.domain.pattern.match import match, matches
from eventhub.domain.pattern.near_misses import NearMiss, near_misses
from eventhub.domain.pattern.parse import parse
from eventhub.domain.pattern.tree import Pattern
from eventhub.domain.pattern.verdict import Verdict

__all__ = [
    "Backtest",
    "Explanation",
    "Fate",
    "Matches",
    "NearMiss",
    "Pattern",
    "PatternError",
    "RuleIndex",
    "Verdict",
    "backtest",
    "english",
    "explain",
    "match",
    "matches",
    "near_misses",
    "parse",
    "rule_in_english",
]
