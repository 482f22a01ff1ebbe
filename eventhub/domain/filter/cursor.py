"""A place in a filter's text, and what is read from there on."""

import re
from typing import NoReturn

from eventhub.domain.filter import limits
from eventhub.domain.filter.error import FilterError

_BLANKS = re.compile(r"\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_ESCAPED = re.compile(r'\\(["\\])')
_SHOWN = 40


class Cursor:
    """Reads on through the text; counts what the filter may have only so many of."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._clauses = 0
        self._values = 0

    def ended(self) -> bool:
        """Tell whether nothing is left."""
        return self.at >= len(self.text)

    @property
    def peek(self) -> str:
        """Return the next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def step(self) -> None:
        """Read one character."""
        self.at += 1

    def skip_blanks(self) -> None:
        """Read blanks."""
        found = _BLANKS.match(self.text, self.at)
        assert found is not None  # it matches nothing as well
        self.at = found.end()

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Read what a pattern finds here."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def sees(self, operator: str) -> bool:
        """Tell whether OR or AND comes, as a word of its own."""
        end = self.at + len(operator)
        after = self.text[end : end + 1]
        return self.text.startswith(operator, self.at) and (not after or after.isspace() or after in "()")

    def takes(self, operator: str) -> bool:
        """Read OR or AND and the blanks behind it, if it comes."""
        if not self.sees(operator):
            return False
        self.at += len(operator)
        self.skip_blanks()
        return True

    def quoted(self) -> str:
        """Read what is in quotes."""
        found = _QUOTED.match(self.text, self.at)
        if found is None:
            inside = re.compile(r'"(?:[^"\\]|\\["\\])*').match(self.text, self.at)
            assert inside is not None  # the caller saw the quote
            ended = inside.end() >= len(self.text)
            wanted = f'" for the one in column {self.at + 1}' if ended else '\\" or \\\\'
            self.at = inside.end()
            self.refuse(wanted)
        self.at = found.end()
        return _ESCAPED.sub(r"\1", found[1])

    def count_clause(self) -> None:
        """Count a term."""
        self._clauses += 1
        if self._clauses > limits.MAX_CLAUSES:
            raise FilterError(f"at most {limits.MAX_CLAUSES} terms", "one more", self.at)

    def count_value(self) -> None:
        """Count an alternative."""
        self._values += 1
        if self._values > limits.MAX_VALUES:
            raise FilterError(f"at most {limits.MAX_VALUES} values", "one more", self.at)

    def refuse(self, wanted: str) -> NoReturn:
        """Raise FilterError at this place."""
        rest = self.text[self.at : self.at + _SHOWN]
        raise FilterError(wanted, f'"{rest}"' if rest else "the end", self.at)
