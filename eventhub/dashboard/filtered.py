"""Links to the list of events, filtered."""

from urllib.parse import quote

from eventhub.domain.filter.terms import Value


def events_query(**words: str) -> str:
    """Return the address of the events that pass all of these words; values are taken as they are.

    >>> events_query(bus="default", rule="none")
    '/events?q=bus%3Adefault%20rule%3Anone'
    >>> events_query(source='my "shop" *')
    '/events?q=source%3A%22my%20%5C%22shop%5C%22%20%2A%22'
    """
    text = " ".join(f"{word}:{Value((value,))}" for word, value in words.items())
    return "/events?q=" + quote(text, safe="")
