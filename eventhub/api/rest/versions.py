"""The versions of a rule, and rolling it back to one of them."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.rest.audit import difference_json
from eventhub.api.rest.errors import Conflict
from eventhub.api.rest.fields import Body
from eventhub.api.rest.listing import check_parameters, whole_parameter
from eventhub.api.rest.media import JSONBody, moment, verbatim
from eventhub.api.rest.pagination import DEFAULT_LIMIT, MAX_LIMIT
from eventhub.api.rest.permissions import verified
from eventhub.api.rest.rules import RuleViewSet
from eventhub.domain.difference import differences
from eventhub.flow.versions import VersionRefusedError, roll_back_to, state_of_version
from eventhub.models import Rule, RuleVersion

_ROLLBACK = {
    "version": "the number of one of the rule's versions",
    "dry_run": "true to tell what would change, or false",
}


class RuleVersionViewSet(RuleViewSet):
    """``/api/rules/{id}/versions`` and ``/api/rules/{id}/rollback``."""

    parser_classes = [JSONBody]

    def list(self, request: Request, *_args: Any, **_kwargs: Any) -> Response:
        """Answer the versions, the newest first, each with what it changed; ``before`` takes a number."""
        check_parameters(request, frozenset({"limit", "before"}))
        rule: Rule = self.get_object()
        limit = whole_parameter(request, "limit", MAX_LIMIT) or DEFAULT_LIMIT
        before = whole_parameter(request, "before", 2**31 - 1)
        rows = rule.versions.order_by("-number")
        if before is not None:
            rows = rows.filter(number__lt=before)
        found = list(rows[: limit + 1])
        following = None
        if len(found) > limit:
            following = f"{request.path}?limit={limit}&before={found[limit - 1].number}"
        older = [*found[1:], None][:limit]
        items = [version_json(one, was) for one, was in zip(found[:limit], older, strict=True)]
        return Response({"items": items, "next": following})

    def rollback(self, request: Request, pk: int) -> Response:
        """Make the rule what it was in a version; with ``dry_run`` tell what would change."""
        rule: Rule = self.get_object()
        body = Body(request, _ROLLBACK)
        number = body.number("version", 1, 2**31 - 1)
        if isinstance(number, float):
            body.refuse("version", str(number))
        dry_run = body.take("dry_run", bool, default=False)
        body.done()
        try:
            done = roll_back_to(rule, number, who=verified(request).who, keep=not dry_run)
        except VersionRefusedError as error:
            raise Conflict(str(error)) from error
        return Response(
            {
                "dry_run": dry_run,
                "version": done.number,
                "differences": [difference_json(one) for one in differences(done.before, done.after)],
            }
        )


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
