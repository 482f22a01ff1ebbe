"""An event's values by path, read when somebody asks for them, each path once."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final, final

from eventhub.domain.pattern.costs import MAX_STEPS_IN_ALL
from eventhub.domain.pattern.flatten import Found, Paths, flatten
from eventhub.domain.pattern.keys import MISSING, Key, Mark, key_of

# No pattern is so long that its questions to so few values would be too many.
SURELY_FEW = 200
# So many paths are read for themselves, each by a walk through the event; then one walk reads all others.
MOST_WALKS = 16


@final
class Many:
    """The different keys of a path with several leaves; `in_elements` if some lie inside array elements."""

    __slots__ = ("_characters", "in_elements", "keys")

    def __init__(self, keys: Iterable[Key], *, in_elements: bool) -> None:
        self.keys = dict.fromkeys(keys)  # each once: a hostile event repeats a value
        self.in_elements = in_elements
        self._characters = -1

    @property
    def characters(self) -> int:
        """How many characters the texts have."""
        if self._characters < 0:
            self._characters = sum(len(key) for key in self.keys if type(key) is str)
        return self._characters


# Stands for an object that is not reached by plain steps through plain keys.
_WINDING: Final = Mark("winding")


class Values(dict[str, Key | Many]):
    """From path to key, to `Many`, or to MISSING.

    Most paths lead through objects only, whose keys have no dots: those are
    walked step by step, and the objects on the way remembered. The others (a
    dot may join two keys or lie in one) are left to `flatten`.

    >>> values = Values({"a": {"b": 1, "c": [2, 3]}})
    >>> values["a.b"], list(values["a.c"].keys), values["x"]
    (1.0, [2.0, 3.0], missing)
    """

    __slots__ = ("all_paths", "event", "is_simple", "leaves", "objects", "spent", "walks")

    def __init__(self, event: dict[str, Any], all_paths: Callable[[], Paths] | None = None) -> None:
        """Begin with an event; ``all_paths`` gives every path that may be asked for."""
        self.event = event
        self.all_paths = all_paths
        self.walks = 0
        self.spent = 0  # on asking what has many values, in steps
        self.leaves: dict[str, list[Found]] | None = None
        # No value so far lies in an array element, nor are there very many at any path.
        self.is_simple = True
        plain = "." not in "".join(event)
        self.objects: dict[str, dict[str, Any] | Mark] = {"": event if plain else _WINDING}

    def __missing__(self, path: str) -> Key | Many:
        outer, dot, name = path.rpartition(".")
        inside = self.objects.get(outer) if outer or not dot else _WINDING
        if inside is None:
            inside = self.object(outer)
        if type(inside) is dict:
            value = inside.get(name, MISSING)
            kind = type(value)
            found: Key | Many
            if kind is str or value is MISSING:
                found = value
            elif kind is dict:
                found = MISSING
            elif kind is list:
                found = self.listed(path, value)
            else:
                found = key_of(value)
        else:
            found = MISSING if inside is MISSING else self.flattened(path)
        self[path] = found
        return found

    def object(self, path: str) -> dict[str, Any] | Mark:
        """Find the object at a path."""
        outer, dot, name = path.rpartition(".")
        # An empty first step cannot be told from none, so that way winds.
        inside = self.objects.get(outer) if outer or not dot else _WINDING
        if inside is None:
            inside = self.deep_object(outer)
        if type(inside) is dict:
            value = inside.get(name)
            if type(value) is dict:
                inside = value if "." not in "".join(value) else _WINDING
            else:
                inside = _WINDING if type(value) is list else MISSING
        self.objects[path] = inside
        return inside

    def deep_object(self, path: str) -> dict[str, Any] | Mark:
        """Find the object at a path, from the outside in: paths may be deeper than Python recurses."""
        at = path.find(".", 1)
        while at >= 0:
            if path[:at] not in self.objects:
                self.object(path[:at])
            at = path.find(".", at + 1)
        return self.object(path)

    def listed(self, path: str, values: list[Any]) -> Key | Many:
        """Read an array, of scalars or not."""
        kinds = set(map(type, values))
        if dict in kinds or list in kinds:
            return self.flattened(path)
        if len(values) > 1:
            return self.many(Many(map(key_of, values), in_elements=False))
        return key_of(values[0]) if values else MISSING

    def flattened(self, path: str) -> Key | Many:
        """Read any path."""
        leaves = self.walked(path)
        if not leaves:
            return MISSING
        in_elements = any(leaf.element for leaf in leaves)
        return self.many(Many((key_of(leaf.value) for leaf in leaves), in_elements=in_elements))

    def walked(self, path: str) -> list[Found] | None:
        """Walk through the event; a hostile one is large, and asked for by very many paths."""
        self.walks += 1
        if self.walks <= MOST_WALKS or self.all_paths is None:
            return flatten(self.event, _only(path)).get(path)
        if self.leaves is None:
            self.leaves = flatten(self.event, self.all_paths())
        return self.leaves.get(path)

    def spend(self, steps: int) -> bool:
        """Count steps before they are taken; False, and nothing is simple any more, if they are too many."""
        self.spent += steps
        if self.spent > MAX_STEPS_IN_ALL:
            self.is_simple = False
            return False
        return True

    def many(self, found: Many) -> Many:
        """Note what the values at a path make of the event."""
        if found.in_elements or len(found.keys) > SURELY_FEW:
            self.is_simple = False
        return found


@lru_cache(maxsize=4096)
def _only(path: str) -> Paths:
    return Paths.of([path])
