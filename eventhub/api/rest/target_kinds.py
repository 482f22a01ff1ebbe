"""The kinds of target as a resource: what each takes, from the schemas that admin and docs are made of."""

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.access.scopes import Scope
from eventhub.api.rest.listing import check_parameters
from eventhub.api.rest.media import JSONAnswer
from eventhub.models.target_checks import COLUMNS, formats_of
from eventhub.targets.kind import Field, Kind
from eventhub.targets.kinds import KINDS


class TargetKinds(APIView):
    """``/api/target-kinds`` and ``/api/target-kinds/{name}``."""

    reads = Scope.RULES_READ
    renderer_classes = [JSONAnswer]

    def get(self, request: Request, name: str = "") -> Response:
        """Answer all kinds, or one."""
        check_parameters(request, frozenset())
        if not name:
            return Response({"items": [kind_json(kind) for kind in KINDS.values()], "next": None})
        if name not in KINDS:
            raise Http404
        return Response(kind_json(KINDS[name]))


def kind_json(kind: Kind) -> dict[str, Any]:
    """Return a kind's schema."""
    return {
        "name": kind.name,
        "title": kind.title,
        "summary": kind.summary,
        "missing": kind.missing() or None,
        "administrators_only": getattr(kind, "administrators_only", False),
        "payload_formats": formats_of(kind),
        "fields": [field_json(kind, field) for field in kind.fields],
    }


def field_json(kind: Kind, field: Field) -> dict[str, Any]:
    """Return one setting; ``in`` says where it is given: in config, secrets, or the target itself."""
    beside = field.name in COLUMNS.get(kind.name, ())
    return {
        "name": field.name,
        "in": "target" if beside else "secrets" if field.secret else "config",
        "label": field.label,
        "help": field.help,
        "type": field.type,
        "required": field.required,
        "default": field.default,
        "choices": list(field.choices) or None,
        "low": field.low,
        "high": field.high,
        "example": field.example or None,
    }
