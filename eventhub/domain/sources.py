"""The sources that a key may put events of: names, and beginnings of names."""

from collections.abc import Sequence
from dataclasses import dataclass

from eventhub.domain.entry import MAX_SOURCE

MAX_SOURCES = 100
WANTED = (
    f"wanted up to {MAX_SOURCES} sources of 1 to {MAX_SOURCE} characters, each a name such as shop.web or, "
    "with a * as its last character, the beginning of names such as shop.*"
)


@dataclass(frozen=True, slots=True)
class Sources:
    """Asked for every entry, so each question costs a look-up and one comparison of beginnings."""

    names: frozenset[str]
    beginnings: tuple[str, ...] = ()

    def hold(self, source: str) -> bool:
        """Tell whether a source is among them.

        >>> [read_sources(["shop.*", "till"]).hold(one) for one in ("shop.web", "till", "tills", "shop")]
        [True, True, False, False]
        """
        return source in self.names or source.startswith(self.beginnings)


def read_sources(given: Sequence[object]) -> Sources:
    """Return what a list of texts says; raises ValueError with a sentence for people.

    A ``*`` may only end a source: more would make the question of each entry dear, and nobody needs it.
    """
    if len(given) > MAX_SOURCES:
        raise ValueError(f"{WANTED}; found {len(given)} of them")
    for one in given:
        if not isinstance(one, str) or not 1 <= len(one) <= MAX_SOURCE or "*" in one[:-1]:
            raise ValueError(f"{WANTED}; found {one!r:.80}")
    texts = [str(one) for one in given]
    return Sources(
        frozenset(one for one in texts if not one.endswith("*")),
        tuple(one[:-1] for one in texts if one.endswith("*")),
    )
