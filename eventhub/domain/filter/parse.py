"""From text to a filter, or to a ``FilterError`` at a column."""

import re

from eventhub.domain.filter import limits
from eventhub.domain.filter.asked import read_test
from eventhub.domain.filter.cursor import Cursor
from eventhub.domain.filter.error import FilterError
from eventhub.domain.filter.terms import And, Filter, Node, Not, Or, Step, Term
from eventhub.domain.filter.words import WORDS, Takes

# Whatever has a colon behind it: a word that we do not know must not be looked for as text.
_WORD = re.compile(r'detail(?=[.\[])|[^\s"()|*\\:]+(?=:)')
_NAME = re.compile(r'[^\s"()|*\\.:\[\]]+')
_INDEX = re.compile(r"[0-9]{1,9}(?=\])|\*(?=\])")
_UNFIT = re.compile("[\0\ud800-\udfff]")


def parse(text: str) -> Filter:
    """Read a filter; raises FilterError. Blank text lets everything pass.

    >>> str(parse('type:order.*  -status:delivered AND (detail.amount:>100 OR "vip")'))
    'type:order.* -status:delivered (detail.amount:>100 OR text:vip)'
    >>> parse("source:shop sorce:shop")
    Traceback (most recent call last):
    eventhub.domain.filter.error.FilterError: column 13: wanted one of bus, source, type, key, trace, rule, \
target, status, attempts, latency, id, text, after, before, detail, found "sorce"
    """
    if len(text) > limits.MAX_CHARACTERS:
        wanted = f"at most {limits.MAX_CHARACTERS} characters"
        raise FilterError(wanted, str(len(text)), limits.MAX_CHARACTERS)
    unfit = _UNFIT.search(text)
    if unfit:
        raise FilterError("a character", f"U+{ord(unfit[0]):04X}, which no text of ours has", unfit.start())
    cursor = Cursor(text)
    cursor.skip_blanks()
    if cursor.ended():
        return Filter()
    node = _either(cursor, 0)
    if not cursor.ended():  # only a parenthesis ends an expression early
        cursor.refuse("( before this )")
    return Filter(node)


def _either(cursor: Cursor, depth: int) -> Node:
    parts = [_all(cursor, depth)]
    while cursor.takes("OR"):
        parts.append(_all(cursor, depth))
    return parts[0] if len(parts) == 1 else Or(tuple(_flat(parts, Or)))


def _all(cursor: Cursor, depth: int) -> Node:
    parts = [_one(cursor, depth)]
    while True:
        joined = cursor.takes("AND")
        if not joined and (cursor.ended() or cursor.peek == ")" or cursor.sees("OR")):
            break
        parts.append(_one(cursor, depth))
    return parts[0] if len(parts) == 1 else And(tuple(_flat(parts, And)))


def _one(cursor: Cursor, depth: int) -> Node:
    if depth > limits.MAX_DEPTH:
        raise FilterError(f"at most {limits.MAX_DEPTH} levels", "one more", cursor.at)
    if cursor.ended() or cursor.peek == ")" or cursor.sees("OR") or cursor.sees("AND"):
        cursor.refuse("a term such as source:shop")
    if cursor.peek == "-":
        cursor.step()
        return Not(_one(cursor, depth + 1))
    if cursor.peek == "(":
        opened = cursor.at
        cursor.step()
        cursor.skip_blanks()
        node = _either(cursor, depth + 1)
        if cursor.ended():
            raise FilterError(f") for the ( in column {opened + 1}", "the end", cursor.at)
        cursor.step()
        cursor.skip_blanks()
        return node
    return _term(cursor)


def _term(cursor: Cursor) -> Term:
    cursor.count_clause()
    began = cursor.at
    name = cursor.match(_WORD)
    if name is None:
        return Term("text", read_test(cursor, Takes.PHRASE))
    word = WORDS.get(name)
    if word is None:
        raise FilterError(f"one of {', '.join(WORDS)}", f'"{name[:40]}"', began)
    path = _path(cursor) if word.takes is Takes.JSON else ()
    if cursor.peek != ":":
        cursor.refuse(":")
    cursor.step()
    return Term(name, read_test(cursor, word.takes, optional=word.optional, may_be_none=name == "rule"), path)


def _path(cursor: Cursor) -> tuple[Step, ...]:
    steps: list[Step] = []
    while cursor.peek in {".", "["}:
        if len(steps) == limits.MAX_STEPS:
            raise FilterError(f"at most {limits.MAX_STEPS} steps", "one more", cursor.at)
        if cursor.peek == ".":
            cursor.step()
            name = cursor.quoted() if cursor.peek == '"' else cursor.match(_NAME)
            if name is None:
                cursor.refuse("a member's name")
            steps.append(name)
        else:
            cursor.step()
            index = cursor.match(_INDEX)
            if index is None:
                cursor.refuse("an element's number or *, and ]")
            steps.append(None if index == "*" else int(index))
            cursor.step()
    if not steps:
        cursor.refuse(".name or [number]")
    return tuple(steps)


def _flat(parts: list[Node], kind: type[And] | type[Or]) -> list[Node]:
    flat: list[Node] = []
    for part in parts:
        if isinstance(part, kind):
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat
