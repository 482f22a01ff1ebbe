"""What is wrong with a pattern, said twice: in our words, and in EventBridge's."""

# The reference parser quotes at most so much of the pattern in its errors.
MAX_QUOTED_SOURCE = 500


class PatternError(ValueError):
    """A pattern that we refuse.

    `path` is the field (dotted), `wanted` and `found` the two sides of the fault,
    `line` and `column` (from 1) where it begins, `reference_text` what
    EventBridge answers as the reason, its source location included.

    >>> error = PatternError(
    ...     "prefix", wanted="a string", found="number", path="detail.state", line=3, column=14
    ... )
    >>> str(error)
    'detail.state: "prefix" needs a string, got number (line 3, column 14)'
    """

    def __init__(
        self,
        subject: str,
        *,
        wanted: str,
        found: str,
        path: str = "",
        line: int = 1,
        column: int = 1,
        reference_text: str = "",
    ) -> None:
        quoted = subject if " " in subject else f'"{subject}"'
        self.message = f"{quoted} needs {wanted}, got {found}"
        self.path = path
        self.wanted = wanted
        self.found = found
        self.line = line
        self.column = column
        self.reference_text = reference_text
        super().__init__(self.message)

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.message} (line {self.line}, column {self.column})"


def source_location(text: str, offset: int) -> str:
    """Return the location as the reference's errors give it, in UTF-16 units.

    >>> source_location('{"a":1}', 6)
    '[Source: (String)"{"a":1}"; line: 1, column: 7]'
    """
    line, column = line_and_column(text, offset)
    start = offset - column + 1
    units = column + sum(char > "\uffff" for char in text[start:offset])
    return f"[Source: (String){_quoted_source(text)}; line: {line}, column: {units}]"


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    r"""Count lines (ended by \n, \r or \r\n) and characters from 1.

    >>> line_and_column("a\r\nbc", 4)
    (2, 2)
    """
    before = text[:offset].replace("\r\n", " \n").replace("\r", "\n")
    return before.count("\n") + 1, offset - before.rfind("\n")


def _quoted_source(text: str) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * MAX_QUOTED_SOURCE:
        return f'"{text}"'
    kept = units[: 2 * MAX_QUOTED_SOURCE].decode("utf-16-le", "ignore")
    return f'"{kept}"[truncated {len(units) // 2 - MAX_QUOTED_SOURCE} chars]'
