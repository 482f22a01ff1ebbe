"""The operators: one module per idea, one class per operator.

To add one: write its class, name it in `OPERATORS` below, and give it cases and
a paragraph of documentation.
"""

from eventhub.domain.jsontokens import Kind, Token
from eventhub.domain.pattern.operators.anything_but import AnythingBut
from eventhub.domain.pattern.operators.base import Leaf, Operator
from eventhub.domain.pattern.operators.cidr import Cidr
from eventhub.domain.pattern.operators.exact import Exactly, exact
from eventhub.domain.pattern.operators.exists import Exists
from eventhub.domain.pattern.operators.ignore_case import EqualsIgnoreCase
from eventhub.domain.pattern.operators.numeric import Numeric
from eventhub.domain.pattern.operators.prefix import Prefix
from eventhub.domain.pattern.operators.suffix import Suffix
from eventhub.domain.pattern.operators.wildcard import Wildcard
from eventhub.domain.pattern.reader import Reader, describe

__all__ = ["OPERATORS", "Leaf", "Operator", "read_member"]

OPERATORS: dict[str, type[Operator]] = {
    "prefix": Prefix,
    "suffix": Suffix,
    "equals-ignore-case": EqualsIgnoreCase,
    "wildcard": Wildcard,
    "anything-but": AnythingBut,
    "numeric": Numeric,
    "exists": Exists,
    "cidr": Cidr,
    "exactly": Exactly,
}


def read_member(reader: Reader, token: Token) -> Operator:
    """Read the member of a value list that begins with `token`."""
    if token.kind is Kind.BEGIN_OBJECT:
        return _read_expression(reader)
    if token.kind is Kind.BEGIN_ARRAY:
        reference = "Match value must be String, number, true, false, or null"
        raise reader.error(
            reference, "a value list", wanted="values or operators", found="a list inside the list"
        )
    return exact(reader, token)


def _read_expression(reader: Reader) -> Operator:
    name = reader.next()
    if name.kind is not Kind.NAME:
        reference = "Match expression name not found"
        raise reader.error(reference, "an expression", wanted="an operator's name", found="{}")
    operator = OPERATORS.get(name.value)
    if operator is None:
        reference = f"Unrecognized match type {name.value}"
        known = ", ".join(OPERATORS)
        raise reader.error(reference, "an expression", wanted=f"one of {known}", found=describe(name))
    return operator.read(reader)
