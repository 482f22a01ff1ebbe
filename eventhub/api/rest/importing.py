"""Importing and exporting over REST: what ``manage.py import_rules`` and ``export_rules`` do."""

from typing import IO, Any

from django.http import HttpResponse
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.access.scopes import Scope
from eventhub.api.importing.report import ImportRefusedError
from eventhub.api.importing.run import import_text
from eventhub.api.rest.listing import check_parameters
from eventhub.api.rest.media import JSONAnswer
from eventhub.api.rest.permissions import refuse_limited, verified
from eventhub.flow import as_values, as_yaml

_SWITCHES = frozenset({"apply", "prune"})
_PAIRS = frozenset({"parameter", "arn"})  # each NAME=VALUE, any number of times


class TextBody(BaseParser):
    """Reads a body as text, whatever it says that it is: YAML has many names."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> dict[str, Any]:
        """Return the text as ``text``; raises ParseError."""
        body: bytes = stream.read()
        try:
            return {"text": body.decode()}
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not text in UTF-8: byte {error.start} is none of it.") from error


class Import(APIView):
    """``POST /api/import``: the body is the file."""

    reads = writes = Scope.ADMIN
    parser_classes = [TextBody]
    renderer_classes = [JSONAnswer]

    def post(self, request: Request) -> Response:
        """Answer what the file changes; with ``apply=true`` it is changed, or refused as a whole."""
        check_parameters(request, _SWITCHES | _PAIRS)
        refuse_limited(request, "all of the configuration", Scope.ADMIN)
        try:
            report = import_text(
                dict(request.data).get("text", ""),
                verified(request),
                apply=_switch(request, "apply"),
                prune=_switch(request, "prune"),
                parameters=_pairs(request, "parameter"),
                arns=_pairs(request, "arn"),
            )
        except ImportRefusedError as error:
            raise ParseError(f"The body is nothing that can be imported: {error}.") from error
        if report.refused and _switch(request, "apply"):
            refused: dict[str, list[str]] = {}
            for one in report.refused:
                refused.setdefault(one.where, []).append(one.text)
            raise ValidationError(refused)
        return Response(report.document())


class Export(APIView):
    """``GET /api/export``: the configuration as YAML, without secrets."""

    reads = writes = Scope.ADMIN
    renderer_classes = [JSONAnswer]

    def get(self, request: Request) -> HttpResponse:
        """Answer the YAML."""
        check_parameters(request, frozenset())
        refuse_limited(request, "all of the configuration", Scope.ADMIN)
        said = as_yaml.write(as_values.document(as_values.told()))
        return HttpResponse(said, content_type="application/yaml; charset=utf-8")


def _switch(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false")
    if text not in {"true", "false"}:
        raise ValidationError({name: f"wanted true or false, found {text!r:.40}"})
    return text == "true"


def _pairs(request: Request, name: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in request.query_params.getlist(name)]
    if wrong := [pair[0] for pair in pairs if not (pair[0] and pair[1])]:
        raise ValidationError({name: f"wanted NAME=VALUE, found {wrong[0]!r:.40}"})
    return {key: value for key, _, value in pairs}
