"""Masking secrets in texts that people read."""

import re
from collections.abc import Sequence

MASK = "•••"
# A shorter secret is looked for as a whole word only: it would hide half of an answer.
LEAST_SOUGHT = 6


def masked(text: str, secrets: Sequence[str]) -> str:
    """Return a text with every secret in it masked.

    >>> masked('{"you sent": "hunter2"}', ["hunter2"]), masked('{"pin": "42", "at": 1420}', ["42"])
    ('{"you sent": "•••"}', '{"pin": "•••", "at": 1420}')
    """
    for secret in secrets:
        if secret not in text:
            continue
        if len(secret) >= LEAST_SOUGHT:
            text = text.replace(secret, MASK)
        else:
            text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text
