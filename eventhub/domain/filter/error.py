"""What is wrong with the text of a filter."""


class FilterError(ValueError):
    """The text is no filter: where (``at`` counts characters from 0), what was wanted, what was found.

    >>> str(FilterError("a number", '"abc"', 14))
    'column 15: wanted a number, found "abc"'
    """

    def __init__(self, wanted: str, found: str, at: int) -> None:
        super().__init__(f"column {at + 1}: wanted {wanted}, found {found}")
        self.wanted = wanted
        self.found = found
        self.at = at

    @property
    def column(self) -> int:
        """Return the column as people count it, from 1."""
        return self.at + 1
