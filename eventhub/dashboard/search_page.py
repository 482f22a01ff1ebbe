"""The list of events: the newest, or what a one-line filter finds."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from eventhub.dashboard import paging, stream
from eventhub.dashboard.permitted import reader
from eventhub.domain.filter.terms import AnyOf, Term, Value
from eventhub.flow.find import WrongSearchError

_WORDS = ("bus", "source", "type")  # also taken as parameters of their own: older links have them


@dataclass(frozen=True, slots=True)
class Box:
    """The filter's box: what it holds, and what is wrong with it, with the text around the place."""

    texts: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    good: str = ""  # the filter up to what is wrong
    bad: str = ""

    @property
    def query(self) -> str:
        """Return the search as a query."""
        return urlencode(self.texts)


@require_safe
@login_required
def events(request: HttpRequest) -> HttpResponse:
    """List events, the newest first; ``?q=``, ``?from=`` and ``?to=`` (or ``?at=``) search them."""
    caller = reader(request)
    texts = _texts(request)
    given = {**texts, "cursor": request.GET.get("cursor", ""), "before": request.GET.get("before", "")}
    is_first = not given["cursor"] and not given["before"]
    box, listed, status = Box(texts), stream.Listed([], more=False), 200
    try:
        listed = stream.listed_events(caller, None, given, limit=paging.PER_PAGE)
    except WrongSearchError as error:
        box, status = wrong_box(texts, error), 400
    context = {
        "page": "events",
        "box": box,
        "listed": listed,
        "start": stream.start(request, caller, listed),
        "found": listed.found,
        "newest": "" if is_first else f"?{urlencode(texts)}",
        "older": _older(texts, listed),
        # What comes is newer than all of it: a list that ends in the past does not follow.
        "may_follow": is_first and "to" not in texts,
        "live": request.GET.get("live") != "0",
        "payload": request.GET.get("payload"),
    }
    return render(request, "events.html", context, status=status)


def _older(texts: dict[str, str], listed: stream.Listed) -> str:
    """Return the query of the page of older events."""
    if not listed.more:
        return ""
    found = listed.found
    place = {"cursor": found.next or ""} if found else {"before": str(listed.rows[-1].position)}
    return "?" + urlencode({**texts, **place})


def _texts(request: HttpRequest) -> dict[str, str]:
    """Return what is asked for, parameters of one word put into the filter."""
    texts = {name: request.GET.get(name, "").strip() for name in stream.ASKED}
    texts["to"] = texts["to"] or request.GET.get("at", "").strip()
    terms = [
        str(Term(word, AnyOf((Value((request.GET[word],)),)))) for word in _WORDS if request.GET.get(word)
    ]
    texts["q"] = " ".join(
        [*terms, f"({texts['q']})" if terms and " OR " in texts["q"] else texts["q"]]
    ).strip()
    return {name: text for name, text in texts.items() if text}


def wrong_box(texts: dict[str, str], error: WrongSearchError) -> Box:
    """Return the box of a search that cannot be one."""
    if error.at is None:
        return Box(texts, dict(error.wrong))
    q = texts.get("q", "")
    return Box(texts, dict(error.wrong), q[: error.at], q[error.at :])
