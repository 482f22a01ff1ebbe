"""`{"numeric": [">", 0, "<=", 5]}`."""

# ruff: noqa: D102 - what the methods promise stands in base.py

from dataclasses import dataclass
from typing import Any, Self

from eventhub.domain.jsontext import Number, number
from eventhub.domain.jsontokens import Kind, Token
from eventhub.domain.pattern.numbers import as_double
from eventhub.domain.pattern.operators.base import Leaf
from eventhub.domain.pattern.reader import Reader, describe

_WORDS = {"=": "", "<": "less than ", "<=": "at most ", ">": "more than ", ">=": "at least "}
_TOO_MANY = "Too many elements in numeric expression"


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison: the sign, the number as written, its value."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    sign: str
    text: str
    value: float


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number compared with one bound, or lying between two."""

    # ruff: noqa: D102 - what the methods promise stands in base.py

    terms: tuple[Term, ...]

    @classmethod
    def read(cls, reader: Reader) -> Self:
        if reader.next().kind is not Kind.BEGIN_ARRAY:
            raise reader.error("Value of numeric must be an array.", "numeric", wanted="a list")
        sign = reader.next()
        if sign.kind is not Kind.STRING:
            reference = f"Invalid member in numeric match: {_reference_text(reader, sign)}"
            raise reader.error(reference, "numeric", wanted="a comparison sign first")
        text = reader.text_of(sign)
        if text not in _WORDS:
            # The reference has already stepped to the next token when it finds out.
            reader.next()
            reference = f"Unrecognized numeric range operator: {text}"
            raise reader.error(reference, "numeric", wanted=_SIGNS, found=f'"{text}"', token=sign)
        terms = [_read_term(reader, text, "equals" if text == "=" else text)]
        token = reader.next()
        if token.kind is not Kind.END_ARRAY:
            if text not in (">", ">="):
                raise reader.error(
                    _TOO_MANY, "numeric", wanted=f'no more members after "{text}" and a number'
                )
            terms.append(_read_top(reader, token))
        for term in terms:
            if term.value is None:
                raise reader.error(
                    f"Cannot compare number : {term.text}",
                    "numeric",
                    wanted="a number that a double can hold",
                    found=term.text,
                )
        if len(terms) == 2 and not terms[0].value < terms[1].value:
            reference = "Bottom must be less than top"
            found = f"{terms[0].text} and {terms[1].text}"
            raise reader.error(reference, "numeric", wanted="a lower bound below the upper", found=found)
        reader.only_key("numeric", _TOO_MANY)
        return cls(tuple(terms))

    def matches(self, leaf: Leaf) -> bool:
        if type(leaf) is not int and type(leaf) is not Number:
            return False
        value = as_double(leaf)
        return value is not None and all(_holds(term, value) for term in self.terms)

    def dump(self) -> Any:
        return {"numeric": [part for term in self.terms for part in (term.sign, _as_written(term.text))]}

    def words(self) -> str:
        return " and ".join(f"{_WORDS[term.sign]}{term.text}" for term in self.terms)


_SIGNS = 'one of "=", "<", "<=", ">", ">="'


def _as_written(text: str) -> int | Number:
    """Return a number that is written as it was, also zero with a sign, which no int has."""
    return Number(text) if text == "-0" else number(text)


def _holds(term: Term, value: float) -> bool:
    match term.sign:
        case "<":
            return value < term.value
        case "<=":
            return value <= term.value
        case ">":
            return value > term.value
        case ">=":
            return value >= term.value
    return value == term.value


def _read_term(reader: Reader, sign: str, name: str) -> Term:
    token = reader.next()
    if token.kind is not Kind.NUMBER:
        raise reader.error(f"Value of {name} must be numeric", "numeric", wanted=f'a number after "{sign}"')
    return Term(sign, token.value, as_double(number(token.value)))  # type: ignore[arg-type]


def _read_top(reader: Reader, token: Token) -> Term:
    """Read the upper bound of a range, whose sign is `token`, and the end of the list."""

    # ruff: noqa: D102 - what the methods promise stands in base.py
    if token.kind is not Kind.STRING:
        reference = f"Bad value in numeric range: {_reference_text(reader, token)}"
        raise reader.error(reference, "numeric", wanted='"<" or "<=" after the first number')
    sign = reader.text_of(token)
    if sign not in ("<", "<="):
        reference = f"Bad numeric range operator: {sign}"
        raise reader.error(reference, "numeric", wanted='"<" or "<=" second', found=f'"{sign}"')
    term = _read_term(reader, sign, sign)
    end = reader.next()
    if end.kind is not Kind.END_ARRAY:
        reference = "Too many terms in numeric range expression"
        raise reader.error(reference, "numeric", wanted="at most two comparisons", found=describe(end))
    return term


_BRACKETS = {Kind.BEGIN_OBJECT: "{", Kind.BEGIN_ARRAY: "[", Kind.END_ARRAY: "]"}


def _reference_text(reader: Reader, token: Token) -> str:
    """Return the token as the reference's messages show it."""

    # ruff: noqa: D102 - what the methods promise stands in base.py
    if token.kind in _BRACKETS:
        return _BRACKETS[token.kind]
    return reader.text[token.start : token.end]
