"""The versions of a rule, and rolling it back to one of them."""

from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.rest.audit import difference_json
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body
from eventhub.api.rest.listing import PAGING, check_parameters
from eventhub.api.rest.media import JSONBody, moment, verbatim
from eventhub.api.rest.pagination import NumberPagination
from eventhub.api.rest.permissions import verified
from eventhub.api.rest.rules import RuleViewSet
from eventhub.domain.difference import differences
from eventhub.flow.versions import VersionRefusedError, roll_back_to, state_of_version
from eventhub.models import Rule, RuleVersion

_ROLLBACK = {
    "version": "the number of one of the rule's versions",
    "dry_run": "true to tell what would change, or false",
}


class VersionPagination(NumberPagination):
    """Pages of versions by their numbers."""

    column = "number"


class RuleVersionViewSet(RuleViewSet):
    """``/api/rules/{id}/versions`` and ``/api/rules/{id}/rollback``."""

    parser_classes = [JSONBody]

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Answer the versions, the newest first, each with what it changed; ``before`` takes a number."""
        check_parameters(request, PAGING)
        rule: Rule = self.get_object()
        pages = VersionPagination()
        page = pages.paginate_queryset(rule.versions.all(), request)
        older = {one.number: one for one in rule.versions.filter(number__in=[v.number - 1 for v in page])}
        return pages.get_paginated_response([version_json(one, older.get(one.number - 1)) for one in page])

    def rollback(self, request: Request, pk: int) -> Response:
        """Make the rule what it was in a version; with ``dry_run`` tell what would change."""
        self.get_object()  # what the caller does not see is not there, whatever the body says
        body = Body(request, _ROLLBACK)
        number = body.number("version", 1, 2**31 - 1)
        if isinstance(number, float):
            body.refuse("version", str(number))
        dry_run = body.take("dry_run", bool, default=False)
        body.done()
        try:
            with transaction.atomic():
                rule: Rule = self.current()
                done = roll_back_to(rule, number, verified(request), keep=not dry_run)
        except VersionRefusedError as error:
            raise Conflict(str(error)) from error
        answer = {
            "dry_run": dry_run,
            "version": done.number,
            "differences": [difference_json(one) for one in differences(done.before, done.after)],
        }
        return Response(answer, headers={"ETag": self.tag(self.get_serializer(self.get_object()).data)})


def version_json(version: RuleVersion, was: RuleVersion | None) -> dict[str, Any]:
    """Return a version, with what is different from the one before it."""
    state = state_of_version(version)
    before = None if was is None else state_of_version(was)
    return {
        "number": version.number,
        "made_at": moment(version.made_at),
        "made_by": version.made_by,
        **state,
        "pattern": verbatim(state["pattern"]) if state["pattern"] else None,
        "differences": [] if was is None else [difference_json(one) for one in differences(before, state)],
    }
