"""Failed attempts by class: what receivers answered, and what kept an answer from coming.

The same judgement twice: in SQL, where the rollups count, and in Python, where pages show single attempts.
"""

from collections.abc import Mapping, Sequence

# What errors without a status say, in small letters; the first that is found is meant.
FAULTS: Mapping[str, Sequence[str]] = {
    "timeout": ("timed out", "timeout", "did not return within"),
    "dns": ("resolve host", "resolve proxy", "name or service not known"),
    "tls": ("ssl", "tls", "certificate"),
    "refused": ("connect to", "connection refused", "unreachable"),
}
CLASSES = ("429", "5xx", "4xx", "3xx", *FAULTS, "network", "receiver", "ours")


def class_of(status: int | None, reason_class: str, error: str) -> str:
    """Return the class of a failed attempt: one of ``CLASSES``.

    >>> class_of(429, "receiver", "receiver answered 429"), class_of(None, "network", "Operation timed out")
    ('429', 'timeout')
    """
    if status == 429:
        return "429"
    for least in (500, 400, 300):
        if status is not None and status >= least:
            return f"{least // 100}xx"
    if reason_class == "network":
        said = error.lower()
        return next((name for name, texts in FAULTS.items() if any(one in said for one in texts)), "network")
    return reason_class


def class_in_sql() -> tuple[str, tuple[object, ...]]:
    """Return the same of the columns of ``attempt``, with ``%s`` for each value."""
    cases, values = [], []
    for name, texts in FAULTS.items():
        said = " OR ".join(["lower(error) LIKE %s"] * len(texts))
        cases.append(f"WHEN reason_class = 'network' AND ({said}) THEN '{name}'")
        values += [f"%{text}%" for text in texts]
    return (
        "CASE WHEN status = 429 THEN '429' WHEN status >= 500 THEN '5xx' WHEN status >= 400 THEN '4xx'"
        f" WHEN status >= 300 THEN '3xx' {' '.join(cases)} ELSE reason_class END"
    ), tuple(values)
