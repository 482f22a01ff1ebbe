"""What a pattern may cost, judged when it is saved."""

from eventhub.domain.pattern.error import PatternError
from eventhub.domain.pattern.reader import Reader
from eventhub.domain.pattern.tree import Pattern

# EventBridge's API takes no longer pattern.
MAX_CHARACTERS = 4096
# Branches multiply: twenty `$or` of two would be a million.
MAX_BRANCHES = 1000


def checked_text(text: str | bytes) -> str:
    """Return the pattern's text, if it is UTF-8 and not too long."""
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError:
            raise PatternError("the pattern's JSON", wanted="UTF-8", found="other bytes") from None
    if len(text) > MAX_CHARACTERS:
        raise PatternError(
            "a pattern",
            wanted=f"at most {MAX_CHARACTERS} characters",
            found=str(len(text)),
            reference_text=f"Event pattern is longer than {MAX_CHARACTERS} characters",
        )
    return text


def check_branches(count: int, reader: Reader) -> None:
    """Refuse a `$or` that makes too many branches."""
    if count > MAX_BRANCHES:
        raise reader.error(
            "Rule is too complex - try using fewer $or combinations",
            "$or",
            wanted=f"at most {MAX_BRANCHES} combinations",
            found="more",
        )


def check(pattern: Pattern, reader: Reader) -> None:
    """Refuse a pattern that would cost too much to match."""
