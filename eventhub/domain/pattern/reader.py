"""Read a pattern's tokens in text order and say where a fault lies.

Faults are found left to right, as EventBridge finds them, and the first one is
reported: with our words and place, and with EventBridge's.
"""

from collections.abc import Iterator

from eventhub.domain import jsontokens
from eventhub.domain.jsontokens import JsonSyntaxError, Kind, Token
from eventhub.domain.pattern.error import PatternError, line_and_column, source_location


class Reader:
    """The tokens of one pattern, one at a time, and the path being read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps: list[str] = []
        self.token: Token | None = None
        self._tokens: Iterator[Token] = jsontokens.tokens(text)
        self._reached = 0

    def next(self) -> Token:
        """Step to the next token; only at the end of the text is there none to give."""
        token = self.next_or_none()
        assert token
        return token

    def next_or_none(self) -> Token | None:
        """Step to the next token, or return None behind the last one."""
        try:
            self.token = next(self._tokens, None)
        except JsonSyntaxError as error:
            raise self._syntax_error(error) from None
        if self.token:
            self._reached = self.token.reached
        return self.token

    def text_of(self, token: Token) -> str:
        """Take the text of the current string or number; faults from here on lie behind it."""
        self._reached = token.end
        return str(token.value)

    def only_key(self, operator: str, reference: str) -> None:
        """Demand that the expression ends here."""
        token = self.next()
        if token.kind is not Kind.END_OBJECT:
            raise self.error(
                reference, operator, wanted="to be the only key beside it", found=describe(token)
            )

    def error(
        self,
        reference: str,
        subject: str,
        *,
        wanted: str,
        found: str = "",
        token: Token | None = None,
        locations: int = 1,
    ) -> PatternError:
        """Make the error for a fault at `token`, else at the current one.

        Some of the reference's texts carry their location twice, some not at all.
        """
        at = token or self.token
        line, column = line_and_column(self.text, at.start if at else 0)
        location = f"\n at {source_location(self.text, self._reached)}"
        return PatternError(
            subject,
            wanted=wanted,
            found=found or describe(at),
            path=self.path,
            line=line,
            column=column,
            reference_text=reference + locations * location,
        )

    @property
    def path(self) -> str:
        """The field being read."""
        return ".".join(self.steps)

    def _syntax_error(self, error: JsonSyntaxError) -> PatternError:
        line, column = line_and_column(self.text, error.offset)
        reference = error.reference
        if error.opened_at is not None:
            reference += f" (start marker at {source_location(self.text, error.opened_at)})"
        return PatternError(
            "the pattern's JSON",
            wanted=error.wanted,
            found=error.found,
            path=self.path,
            line=line,
            column=column,
            reference_text=f"{reference}\n at {source_location(self.text, error.reached)}",
        )


def describe(token: Token | None) -> str:
    """Name what a token is, for an error message.

    >>> describe(Token(Kind.STRING, "x", 0, 3, 1)), describe(None)
    ('string', 'nothing')
    """
    if token is None:
        return "nothing"
    if token.kind is Kind.NAME:
        return f'"{token.value}"'
    return str(token.kind.value)
