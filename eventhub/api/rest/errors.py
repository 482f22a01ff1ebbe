"""Every error of the resources as a problem document."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import set_rollback

from eventhub.access.pace import whole_seconds
from eventhub.api.errors import CONTENT_TYPE, PlaceError
from eventhub.api.errors import problem as document
from eventhub.journal.port import JournalUnavailable

log = logging.getLogger("eventhub.api")

# By status: the stable last part of `type`.
_KINDS = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    409: "conflict",
    412: "precondition-failed",
    413: "too-large",
    415: "unsupported-media-type",
    429: "too-fast",
    500: "internal",
    503: "unavailable",
}


class Conflict(exceptions.APIException):
    """Something else stands against the change."""

    status_code = 409


def problem(error: Exception, _context: Mapping[str, Any]) -> Response:
    """Return the answer to an error that a view raised."""
    error = _known(error)
    headers = {}
    places: list[PlaceError] = []
    if isinstance(error, exceptions.APIException):
        status = error.status_code
        asks_for = getattr(error, "auth_header", None)
        if asks_for:
            headers["WWW-Authenticate"] = asks_for
        if isinstance(error, exceptions.Throttled):
            headers["Retry-After"] = str(whole_seconds(getattr(error, "wait", None) or 1))
        if isinstance(error, exceptions.ValidationError):
            places = list(_places(error.detail))
            text = "; ".join(
                f"{at['path']}: {at['message']}" if at["path"] else at["message"] for at in places
            )
        else:
            text = str(error.detail)
    elif isinstance(error, OperationalError | InterfaceError | JournalUnavailable):
        log.error("rest.database_unavailable", extra={"fields": {"error": str(error)}})
        status, text = 503, "Try again in a moment."
    else:
        log.error("rest.failed", exc_info=error)
        status, text = 500, "The error was logged."
    set_rollback()
    kind = _KINDS.get(status, "error")
    return Response(document(status, kind, text, places), status, headers=headers, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what Django refuses before any view, such as a Host that is not ours (``handler400``)."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    said = document(400, "malformed", f"The request was refused: {type(exception).__name__}.")
    return HttpResponse(msgspec.json.encode(said), CONTENT_TYPE, 400)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer an error of ours outside of the views (``handler500``)."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    said = document(500, "internal", "The error was logged.")
    return HttpResponse(msgspec.json.encode(said), CONTENT_TYPE, 500)


def _known(error: Exception) -> Exception:
    """Return Django's exceptions as the framework's."""
    match error:
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case ValidationError():
            return exceptions.ValidationError(as_serializer_error(error))
        case ProtectedError():
            return Conflict(str(error.args[0]))
        case IntegrityError():  # two requests at once: each was valid alone
            return Conflict("another request changed the same thing at the same moment; try again")
    return error


def _places(detail: Any, path: str = "") -> Iterator[PlaceError]:
    """Yield each message with the path of what it is about, such as ``targets[1]``; empty for the whole."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            whole = name in {"non_field_errors", "__all__"}
            step = f"[{name}]" if isinstance(name, int) else f".{name}" if path else str(name)
            yield from _places(inner, path if whole else f"{path}{step}")
    elif isinstance(detail, list):
        for inner in detail:
            yield from _places(inner, path)
    else:
        yield {"path": path, "message": str(detail)}
