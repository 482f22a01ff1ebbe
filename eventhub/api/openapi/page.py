"""``/api/schema/`` and ``/api/docs/``: the document, and the page that shows it."""

from functools import lru_cache
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import BasePermission
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.rest.authentication import caller_of
from eventhub.api.rest.media import JSONAnswer


class Somebody(BasePermission):
    """Anybody with a key or a session, whatever they may do: the document tells nothing of theirs."""

    def has_permission(self, request: Request, _view: Any) -> bool:
        """Return False (a 401) for nobody."""
        return caller_of(request) is not None


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    """Return the document: it is the same for everybody, and takes a second to write."""
    written: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return written


class Document(SpectacularAPIView):
    """``/api/schema/``: JSON, or YAML for who asks for it."""

    permission_classes = [Somebody]
    renderer_classes = [
        OpenApiJsonRenderer2,
        OpenApiJsonRenderer,
        OpenApiYamlRenderer2,
        OpenApiYamlRenderer,
    ]

    def _get_schema_response(self, request: Request) -> Response:
        return Response(_document())

    def handle_exception(self, error: Exception) -> Response:
        """Answer a problem as JSON, whatever form of the document was asked for."""
        self.request.accepted_renderer = JSONAnswer()
        self.request.accepted_media_type = JSONAnswer.media_type
        return super().handle_exception(error)


class Page(LoginRequiredMixin, SpectacularSwaggerSplitView):
    """``/api/docs/``: Swagger's page in our frame, and with ``?script=`` the script that starts it.

    Two addresses, because our policy allows no script within a page. All files are installed with us.
    """

    schema = None  # no part of the document
    permission_classes: list[Any] = []
    renderer_classes = [TemplateHTMLRenderer]
    template_name = "openapi.html"
    url_name = "api-schema"

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer the page or its script."""
        answer: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]  # it has no types
        answer.data["page"] = "docs"
        return answer
