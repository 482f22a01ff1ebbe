"""Replays as a resource: begun, followed, cancelled."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from eventhub.access import seen
from eventhub.access.scopes import Scope
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body, moment_given
from eventhub.api.rest.listing import PAGING, check_parameters, chosen
from eventhub.api.rest.media import JSONAnswer, JSONBody, moment_of
from eventhub.api.rest.pagination import NumberPagination
from eventhub.api.rest.permissions import require, verified
from eventhub.flow import archives
from eventhub.flow.process import parts
from eventhub.journal.port import Replay, ReplayState
from eventhub.journal.rows import ReplayRow
from eventhub.models import Archive, Rule

_MOMENT = "a moment with its zone, such as 2026-01-31T12:00:00Z"
_NEW = {
    "name": archives.NAME_WANTED,
    "description": "a text of at most 512 characters",
    "archive": "the name of an archive",
    "since": _MOMENT,
    "until": f"{_MOMENT}, after since",
    "rules": "names of rules on the archive's bus, which alone see the events; all without it",
    "rate_per_second": f"a number from {archives.LEAST_PER_SECOND} to {archives.MOST_PER_SECOND:g}",
    "dry_run": "true to count only, or false",
}


class ReplayViewSet(ViewSet):
    """``/api/replays``."""

    reads = Scope.RULES_READ
    writes = Scope.RULES_WRITE
    parser_classes = [JSONBody]
    renderer_classes = [JSONAnswer]

    def list(self, request: Request) -> Response:
        """Answer the replays, the newest first; ``before`` takes the id of one."""
        check_parameters(request, PAGING | {"archive", "bus", "state"})
        rows = self._seen(request)
        for name in ("archive", "bus"):
            if value := request.query_params.get(name):
                rows = rows.filter(**{name: value})
        if (state := chosen(request, "state", ReplayState)) is not None:
            rows = rows.filter(state=state)
        pages = NumberPagination()
        page = pages.paginate_queryset(rows, request)
        return pages.get_paginated_response([replay_json(archives.replay_of(row)) for row in page])

    def retrieve(self, request: Request, name: str) -> Response:
        """Answer one, with its progress."""
        check_parameters(request, frozenset())
        return Response(replay_json(self._one(request, name)))

    def create(self, request: Request) -> Response:
        """Begin a replay; with ``dry_run`` count what it would put, and do nothing."""
        caller = verified(request)
        body = Body(request, _NEW)
        dry_run = body.take("dry_run", bool, default=False)
        name = body.take("name", str, default="" if dry_run else None)
        if not dry_run and not (name and archives.NAME.fullmatch(name)):
            body.refuse("name", "nothing" if name is None else repr(name[:80]))
        description = body.take("description", str, default="")
        if len(description) > 512:
            body.refuse("description", f"{len(description)} characters")
        rate = body.number(
            "rate_per_second",
            archives.LEAST_PER_SECOND,
            archives.MOST_PER_SECOND,
            default=archives.PER_SECOND,
        )
        since, until = _moment(body, "since"), _moment(body, "until")
        if since is not None and until is not None and since >= until:
            body.refuse("until", repr(body.members["until"]))
        archive = self._archive(request, body)
        rules = _rules(body, archive)
        body.done()
        assert archive is not None
        assert since is not None
        assert until is not None
        journal = parts().journal
        if dry_run:
            count = journal.count_archived(archive.pk, since=since, until=until)
            return Response({"dry_run": True, "count": count})
        try:
            made = archives.start_replay(
                journal,
                archive,
                name=name,
                since=since,
                until=until,
                who=caller.who,
                rules=rules,
                filter_arns=[archives.arn_of(rule, archive.bus.name) for rule in rules],
                description=description,
                per_second=float(rate),
            )
        except archives.ReplayExistsError as error:
            raise Conflict(f"there is a replay named {name!r}") from error
        return Response(replay_json(made), 201)

    def cancel(self, request: Request, name: str) -> Response:
        """End a replay; what was put stays so."""
        Body(request, {}).done()
        was = self._one(request, name)
        require(request, Scope.RULES_WRITE, was.order.bus_id)
        if not archives.cancel_replay(parts().journal, was):
            raise Conflict(f"the replay is {self._one(request, name).state}")
        return Response(replay_json(self._one(request, name)))

    def _seen(self, request: Request) -> QuerySet[ReplayRow]:
        return seen.on_buses(archives.replays(), verified(request))

    def _one(self, request: Request, name: str) -> Replay:
        row = self._seen(request).filter(name=name).first()
        if row is None:
            raise Http404
        return archives.replay_of(row)

    def _archive(self, request: Request, body: Body) -> Archive | None:
        name = body.take("archive", str)
        if name is None:
            return None
        found = Archive.objects.select_related("bus").filter(name=name)
        archive: Archive | None = seen.on_buses(found, verified(request)).first()
        if archive is not None:
            require(request, Scope.RULES_WRITE, archive.bus_id)
        else:
            body.wrong["archive"] = f"no archive is named {name!r:.80}"
        return archive


def _moment(body: Body, name: str) -> int | None:
    text = body.take(name, str)
    if text is None:
        return None
    try:
        return moment_given(text)
    except ValueError:
        body.refuse(name, repr(text[:80]))
        return None


def _rules(body: Body, archive: Archive | None) -> list[Rule]:
    names = body.take("rules", list, default=None)
    if names is None or archive is None:
        return []
    found = {rule.name: rule for rule in Rule.objects.filter(bus=archive.bus, name__in=map(str, names))}
    for place, name in enumerate(names):
        if name not in found:
            body.wrong[f"rules[{place}]"] = f"no rule of bus {archive.bus.name} is named {name!r:.80}"
    if not names:
        body.refuse("rules", "an empty array")
    return list(found.values())


def replay_json(one: Replay) -> dict[str, Any]:
    """Return a replay with its progress."""
    order = one.order
    return {
        "id": one.id,
        "name": order.name,
        "description": order.description,
        "archive": order.archive,
        "bus": order.bus,
        "since": moment_of(order.since),
        "until": moment_of(order.until),
        "rules": [arn.rpartition("/")[2] for arn in order.filter_arns],
        "rate_per_second": order.per_second,
        "state": one.state,
        "reason": one.reason,
        "total": one.total,
        "done": one.done,
        "made_at": moment_of(order.made_at),
        "made_by": order.made_by,
        "last_replayed_at": None if one.last_at is None else moment_of(one.last_at),
        "ended_at": None if one.ended_at is None else moment_of(one.ended_at),
    }
