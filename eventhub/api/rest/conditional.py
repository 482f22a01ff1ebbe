"""Conditional requests (RFC 9110): ``ETag``, ``If-Match`` and ``If-None-Match``.

A configured row's tag is strong and stands for what is configured: it changes with every change of a member,
and not with what passes by itself (``next_runs``, what an archive holds, when a signing secret ends). So
``If-Match`` with the tag that was read makes a change only if nobody changed the row since; else the answer
is 412, and nothing was changed. The row is locked while it is compared. ``*`` is any row that is there. Tags
that are weak (``W/"…"``, as a proxy that compresses makes them) never satisfy ``If-Match``.

Every other answer to GET gets the tag of its text (``ConditionalReads``). With ``If-None-Match`` an answer to
GET is 304 while its tag is the same, compared weakly.
"""

import hashlib
import re
from typing import Any
from urllib.parse import quote

import msgspec
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from eventhub.api.errors import CONTENT_TYPE, problem

_TAGS = re.compile(r'\s*(?:(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$))')


class PreconditionFailed(APIException):
    """The row is not in the state that the request was made for."""

    status_code = status.HTTP_412_PRECONDITION_FAILED


def tag_of(members: Any) -> str:
    """Return the strong tag of JSON members, in quotes."""
    return f'"{hashlib.sha256(msgspec.json.encode(members, order="sorted")).hexdigest()[:32]}"'


def check(request: Request, tag: str) -> None:
    """Refuse a change that was asked for another state of the row than ``tag``; raises PreconditionFailed."""
    if (wanted := request.headers.get("If-Match")) is not None and not _names(wanted, tag, "If-Match", False):
        raise PreconditionFailed(f"wanted If-Match to name the row's state now, {tag}, found {wanted:.200}")
    unwanted = request.headers.get("If-None-Match")
    if unwanted is not None and _names(unwanted, tag, "If-None-Match", True):
        raise PreconditionFailed(f"the row is there in a state that If-None-Match names: {tag}")


def _names(header: str, tag: str, name: str, weakly: bool) -> bool:
    """Tell whether a header's tags have this one among them; weak ones count only if compared weakly."""
    if header.strip() == "*":
        return True
    at, found = 0, []
    while at < len(header):
        match = _TAGS.match(header, at)
        if match is None:
            raise ValidationError({name: f"wanted * or tags in quotes, such as {tag}, found {header!r:.200}"})
        found.append(match)
        at = match.end()
    return any(f'"{one[2]}"' == tag and (weakly or not one[1]) for one in found)


class ConditionalViewSet:
    """Gives each configured row its tag, and lets changes ask for it. Before the framework's view set.

    ``passing`` names the members of an answer that change by themselves.
    """

    passing: frozenset[str] = frozenset()

    get_object: Any
    get_serializer: Any
    lookup_field: str
    perform_create: Any
    perform_destroy: Any
    perform_update: Any
    request: Any

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one row with its tag."""
        return self.tagged(self.get_serializer(self.get_object()).data)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a row and answer it with its tag."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        answer = self.tagged(serializer.data, 201)
        one = getattr(serializer.instance, self.lookup_field)
        answer.headers["Location"] = f"{request.path}/{quote(str(one), safe='')}"
        return answer

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a row, if it is in the state that the request asks for."""
        with transaction.atomic():
            row = self.current()
            serializer = self.get_serializer(row, data=request.data, partial=kwargs.get("partial", False))
            serializer.is_valid(raise_exception=True)
            self.perform_update(serializer)
        return self.tagged(self.get_serializer(self.get_object()).data)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a row, if it is in the state that the request asks for."""
        with transaction.atomic():
            row = self.current()
            self.refuse_deletion(row)
            self.perform_destroy(row)
        return Response(status=204)

    def refuse_deletion(self, row: Any) -> None:
        """Raise what stands against deleting the row."""

    def current(self) -> Any:
        """Return the row, locked, in the state that the request asks for; in a transaction.

        Raises PreconditionFailed.
        """
        row = self.get_object()
        locked: models.QuerySet[Any] = type(row)._default_manager.select_for_update()
        locked.filter(pk=row.pk).values_list("pk").first()
        row = self.get_object()  # as it is under the lock
        check(self.request, self.tag(self.get_serializer(row).data))
        return row

    def tag(self, data: Any) -> str:
        """Return the tag of a row's answer."""
        return tag_of({name: value for name, value in data.items() if name not in self.passing})

    def tagged(self, data: Any, code: int = 200) -> Response:
        """Return the answer with a row and its tag."""
        return Response(data, code, headers={"ETag": self.tag(data)})


class ConditionalReads(ConditionalGetMiddleware):
    """Answers 304 under ``/api/``; pages carry tokens, so that no two of them are alike."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Tag the answer, unless the view did, and compare."""
        if request.method != "GET" or response.status_code != 200 or not request.path.startswith("/api/"):
            return response
        # Who asks decides what is seen, so only their own cache may keep it, and asks each time.
        response.headers.setdefault("Cache-Control", "private, no-cache")
        answer = super().process_response(request, response)
        if answer.status_code != 412:
            return answer
        said = problem(412, "precondition-failed", "If-Match names another state than the one there is now.")
        return HttpResponse(msgspec.json.encode(said), CONTENT_TYPE, 412, headers={"ETag": response["ETag"]})
