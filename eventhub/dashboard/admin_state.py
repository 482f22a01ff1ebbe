"""The head of the admin's index: figures, each with a link to what explains it, and the newest changes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.dashboard.tags import grouped, rate
from eventhub.flow.process import NotRunningError, parts
from eventhub.flow.rulebook import Rulebook
from eventhub.journal.port import JournalUnavailable
from eventhub.live.glance import Glance, Series, read_glance
from eventhub.live.view import view_of
from eventhub.models import AuditEntry

CHANGES_SHOWN = 8
NAMED = 3  # things that a card names; the rest it counts


@dataclass(frozen=True, slots=True)
class Named:
    """A thing that a card names, with its page."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Card:
    """One figure. ``tone``: ok, warn, bad or muted; ``glyph`` says the same without colour."""

    title: str
    href: str
    figure: str
    said: str
    tone: str = "muted"
    glyph: str = ""
    series: Series | None = None
    series_of: str = ""  # what the series shows, in words
    things: Sequence[Named] = ()
    others: int = 0  # things that are not named


def state_for(caller: Caller) -> dict[str, Any]:
    """Return the context of the index for somebody: ``cards``, ``at`` (None if nothing runs), ``changes``."""
    try:
        running = parts()
        glance = read_glance(running.journal, running.keeper.current, view_of(caller), int(time.time()))
    except (NotRunningError, JournalUnavailable):  # what is configured can be seen all the same
        return {"cards": [], "at": None, "changes": _changes(caller)}
    return {
        "cards": _cards(glance, running.keeper.current),
        "at": glance.at,
        "changes": _changes(caller),
    }


def _cards(state: Glance, book: Rulebook) -> list[Card]:
    return [
        Card(
            "Events in",
            reverse("flow"),
            rate(state.accepted_lately / 60, state.accepted_lately),
            f"{grouped(state.accepted.count)} in the last hour",
            series=state.accepted,
            series_of="events accepted in each of the last 60 minutes",
        ),
        Card(
            "Delivered",
            reverse("flow"),
            rate(state.delivered_lately / 60, state.delivered_lately),
            f"{grouped(state.attempts.failures)} of {grouped(state.attempts.count)} attempts failed",
            series=state.attempts,
            series_of="attempts in each of the last 60 minutes, with what failed",
        ),
        _troubled("Failing targets", state.failing, book, "half of a minute's attempts failed", "none fails"),
        _troubled("Open circuits", state.opened, book, "probed until the receiver is back", "all closed"),
        _paused(state, book),
        Card(
            "Waiting deliveries",
            f"{reverse('flow')}?list=1&sort=waiting",
            grouped(state.pending),
            "pending or under way now",
        ),
        Card(
            "Dead letters",
            reverse("dead-letters"),
            grouped(state.dead.count),
            "in the last 24 hours",
            "bad" if state.dead.count else "ok",
            "✕" if state.dead.count else "✓",
            series=Series(state.dead.counts, state.dead.counts) if state.dead.count else None,
            series_of="dead letters in each of the last 24 hours",
        ),
        _unmatched(state),
    ]


def _troubled(title: str, ids: list[int], book: Rulebook, why: str, well: str) -> Card:
    things = [
        Named(book.targets[one].name, reverse("admin:eventhub_target_change", args=[one]))
        for one in ids[:NAMED]
    ]
    bad = bool(ids)
    return Card(
        title,
        f"{reverse('flow')}?list=1&sort=state",
        str(len(ids)),
        why if bad else well,
        "bad" if bad else "ok",
        "▲" if bad else "✓",
        things=things,
        others=len(ids) - len(things),
    )


def _paused(state: Glance, book: Rulebook) -> Card:
    waiting = sum(one.events for one in state.paused)
    more = " or more" if any(one.more for one in state.paused) else ""
    names = [book.bus_names[one.bus_id] for one in state.paused if one.bus_id in book.bus_names]
    things = [Named(name, reverse("bus", args=[name])) for name in names[:NAMED]]
    return Card(
        "Paused buses",
        reverse("buses"),
        str(len(state.paused)),
        f"{grouped(waiting)}{more} events wait there" if state.paused else "every bus routes",
        "warn" if state.paused else "ok",
        "❚❚" if state.paused else "✓",
        things=things,
        others=len(names) - len(things),
    )


def _unmatched(state: Glance) -> Card:
    share = state.unmatched_share
    return Card(
        "Unmatched",
        f"{reverse('events')}?q=status%3Aunmatched",
        "–" if share is None else f"{share:.0%}" if not 0 < share < 0.01 else "< 1%",
        "no events in the last hour"
        if share is None
        else f"{grouped(state.unmatched.count)} of {grouped(state.accepted.count)} events in the last hour",
        "warn" if share else "muted",
        "⌀" if share else "",
        series=state.unmatched if share else None,
        series_of="events that no rule matched in each of the last 60 minutes",
    )


def _changes(caller: Caller) -> list[AuditEntry] | None:
    """Return the newest changes on buses that somebody administers; None for who administers none."""
    if not caller.may(Scope.ADMIN):
        return None
    entries = seen.on_buses(AuditEntry.objects.order_by("-id"), caller, Scope.ADMIN)
    return list(entries[:CHANGES_SHOWN])
