"""From the text of a pattern to `Pattern`, or to `PatternError`.

One pass over the tokens, without recursion: a stack of open objects and `$or`
lists stands for it. On the way the branches grow as the reference grows them: a
field goes into every branch so far and replaces what has the same path there;
a `$or` copies every branch for each of its alternatives.
"""

import sys
from dataclasses import dataclass, field

from eventhub.domain.jsontokens import Kind, Token
from eventhub.domain.pattern import costs, limits
from eventhub.domain.pattern.operators import OPERATORS, read_member
from eventhub.domain.pattern.reader import Reader, describe
from eventhub.domain.pattern.tree import OR, AnyOf, Field, Group, Node, Pattern, by_path

Branches = list[dict[str, Field]]

# No field inside a `$or` may be called like an operator, nor like one that may come.
RESERVED = frozenset(
    {*OPERATORS, "=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"}
    | {"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"}
    | {"ip-address-in-range", "ip-address-not-in-range"}
)


def parse(text: str | bytes) -> Pattern:
    """Read a pattern.

    >>> parse('{"source": ["shop"]}').branches[0][0].path
    'source'
    """
    return _Parser(limits.checked_text(text)).run()


@dataclass(slots=True)
class _Object:
    """An object that is being read."""

    name: str
    in_or: bool
    is_alternative: bool = False
    members: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Or:
    """A `$or` that is being read: the branches before it, and those of its alternatives so far."""

    before: Branches
    after: Branches = field(default_factory=list)
    alternatives: list[Group] = field(default_factory=list)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.reader = Reader(text)
        self.open: list[_Object | _Or] = []
        self.branches: Branches = [{}]
        self.offsets: dict[int, int] = {}  # where the value list begins, by the field's identity

    def run(self) -> Pattern:
        reader = self.reader
        first = reader.next_or_none()
        if first is None or first.kind is not Kind.BEGIN_OBJECT:
            raise reader.error("Filter is not an object", "a pattern", wanted="an object")
        root = _Object(name="", in_or=False)
        self.open.append(root)
        while self.open:
            scope, token = self.open[-1], reader.next()
            if isinstance(scope, _Or):
                self.in_list(scope, token)
            elif token.kind is Kind.END_OBJECT:
                self.end_object(scope)
            else:
                self.member(scope, token)
        reader.next_or_none()
        branches = tuple(tuple(sorted(branch.values(), key=by_path)) for branch in self.branches)
        pattern = Pattern(
            self.text, Group("", tuple(root.members)), branches, costs=costs.costly_paths(branches)
        )
        limits.check(pattern, self.offsets)
        return pattern

    def member(self, scope: _Object, name: Token) -> None:
        """Read a field's name and the start of its value."""
        reader, step = self.reader, name.value
        if step == OR:
            if reader.next().kind is not Kind.BEGIN_ARRAY:
                raise reader.error("It must be an Array followed with $or.", OR, wanted="a list")
            self.open.append(_Or(before=self.branches))
            limits.check_or_depth(sum(isinstance(one, _Or) for one in self.open), reader)
            return
        if scope.in_or and step in RESERVED:
            reference = f"{step} is Ruler reserved fieldName which cannot be used inside $or."
            wanted = "field names that are not operators"
            raise reader.error(reference, OR, wanted=wanted, found=f'"{step}"')
        reader.steps.append(step)
        value = reader.next()
        if value.kind is Kind.BEGIN_OBJECT:
            self.open.append(_Object(step, scope.in_or))
        elif value.kind is Kind.BEGIN_ARRAY:
            self.field(scope, step, value)
            reader.steps.pop()
        else:
            reference = f'"{step}" must be an object or an array'
            raise reader.error(reference, step, wanted="an object or a list of values")

    def field(self, scope: _Object, name: str, value: Token) -> None:
        """Read a value list and put the field into every branch."""
        reader = self.reader
        values = []
        while (token := reader.next()).kind is not Kind.END_ARRAY:
            values.append(read_member(reader, token))
        if not values:
            reference = "Empty arrays are not allowed"
            raise reader.error(reference, name, wanted="at least one value", found="an empty list")
        outer = ".".join(reader.steps[:-1])
        # Interned, because a hundred thousand rules name a few hundred paths.
        path = sys.intern(f"{outer}.{name}" if outer else name)
        one = Field(sys.intern(name), path, tuple(values))
        scope.members.append(one)
        self.offsets[id(one)] = value.start
        for branch in self.branches:
            branch[one.path] = one

    def end_object(self, scope: _Object) -> None:
        reader = self.reader
        if not scope.members:
            reference = "Empty objects are not allowed"
            raise reader.error(reference, "an object", wanted="at least one field", found="{}")
        self.open.pop()
        group = Group(scope.name, tuple(scope.members))
        if scope.is_alternative:
            outer = self.open[-1]
            assert isinstance(outer, _Or)
            outer.alternatives.append(group)
            outer.after += self.branches
            limits.check_branches(len(outer.after), reader)
        elif self.open:
            reader.steps.pop()
            self.attach(group)

    def in_list(self, scope: _Or, token: Token) -> None:
        """Read a member of a `$or` list, or its end."""
        reader = self.reader
        if token.kind is Kind.BEGIN_OBJECT:
            self.branches = [dict(branch) for branch in scope.before]
            self.open.append(_Object("", in_or=True, is_alternative=True))
            return
        if token.kind is not Kind.END_ARRAY:
            reference = "Only JSON object is allowed in array of $or relationship."
            raise reader.error(reference, OR, wanted="a list of objects", found=f"{describe(token)} in it")
        if len(scope.alternatives) < 2:
            reference = "There must have at least 2 Objects in $or relationship."
            found = str(len(scope.alternatives))
            raise reader.error(reference, OR, wanted="at least 2 objects", found=found)
        self.open.pop()
        self.branches = scope.after
        self.attach(AnyOf(tuple(scope.alternatives)))

    def attach(self, node: Node) -> None:
        scope = self.open[-1]
        assert isinstance(scope, _Object)
        scope.members.append(node)
