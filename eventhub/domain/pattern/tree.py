"""A pattern as read: its tree, and the branches that `$or` expands it to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from eventhub.domain import jsontext
from eventhub.domain.pattern.operators import Operator
from eventhub.domain.pattern.operators.exists import Exists

OR = "$or"


@dataclass(frozen=True, slots=True)
class Field:
    """A field's value list: a leaf at `path` must match one of the operators."""

    name: str
    path: str
    values: tuple[Operator, ...]

    @property
    def may_be_absent(self) -> bool:
        """Whether the list holds `{"exists": false}`."""
        return Exists(wanted=False) in self.values


@dataclass(frozen=True, slots=True)
class Group:
    """A field whose value is an object: go one level deeper, all members must hold."""

    name: str
    members: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`$or`: the members of one alternative must hold."""

    alternatives: tuple[Group, ...]


Node = Field | Group | AnyOf

# The fields of one branch of a pattern, by ascending path, each path once.
Branch = tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was read without fault. It matches if one of its branches does."""

    text: str
    root: Group = field(compare=False)
    branches: tuple[Branch, ...]
    # The paths of which the rule asks many questions, and how many (see `costs`).
    costs: Mapping[str, int] = field(compare=False)

    @property
    def fields(self) -> Iterator[Field]:
        """The fields of all branches; a field of several branches comes several times."""
        return (one for branch in self.branches for one in branch)

    def dump(self) -> str:
        """Return the pattern as compact JSON that reads as the same pattern; what was replaced is left out.

        >>> from eventhub.domain.pattern import parse
        >>> parse('{ "a": [ 0 ], "b": [ 1.50, {"prefix": "x"} ], "a": [ 1 ] }').dump()
        '{"b":[1.50,{"prefix":"x"}],"a":[1]}'
        """
        return "".join(_dump(self.root, _effective(self)))


def by_path(one: Field) -> bytes:
    """Order paths as the reference does, by UTF-16 code units."""
    return one.path.encode("utf-16-be")


def _effective(pattern: Pattern) -> set[int]:
    """Return the identities of the nodes that make a difference."""
    nodes: list[Node] = [pattern.root]
    for node in nodes:  # grows on the way
        nodes += _inside(node)
    effective = {id(one) for one in pattern.fields}
    for node in reversed(nodes):
        if isinstance(node, AnyOf) or any(id(one) in effective for one in _inside(node)):
            effective.add(id(node))
    return effective


def _inside(node: Node) -> tuple[Node, ...]:
    match node:
        case Group(members=members):
            return members
        case AnyOf(alternatives=alternatives):
            return alternatives
    return ()


def _dump(root: Group, effective: set[int]) -> Iterator[str]:
    # A stack of what is still to write, because patterns may be deeper than Python recurses.
    todo: list[Node | str] = ["}", *_members(root, effective), "{"]
    while todo:
        match todo.pop():
            case str(text):
                yield text
            case Field(name=name, values=values):
                yield f"{_json(name)}:{_json([value.dump() for value in values])}"
            case Group(name=name) as group:
                yield f"{_json(name)}:{{"
                todo += ["}", *_members(group, effective)]
            case AnyOf(alternatives=alternatives):
                yield f'"{OR}":['
                todo.append("]")
                for number, alternative in reversed(list(enumerate(alternatives))):
                    todo += ["}", *_members(alternative, effective), ",{" if number else "{"]


def _members(group: Group, effective: set[int]) -> list[Node | str]:
    """List the effective members last to first, with the commas between them.

    An alternative of `$or` may have none, its fields all replaced by later ones; it cannot be empty.
    """
    kept = [member for member in group.members if id(member) in effective] or group.members
    members: list[Node | str] = []
    for member in reversed(kept):
        members += [member, ","]
    return members[:-1]


def _json(value: object) -> str:
    return jsontext.encode(value).decode()
