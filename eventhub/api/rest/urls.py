"""Where the resources are: under ``/api/``, without a slash at the end."""

from typing import Any

from django.urls import path, re_path, register_converter
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from eventhub.api.openapi.page import Document, Page
from eventhub.api.rest.archives import ArchiveViewSet
from eventhub.api.rest.attempts import AttemptViewSet
from eventhub.api.rest.audit import AuditViewSet
from eventhub.api.rest.backtesting import BacktestView
from eventhub.api.rest.buses import BusViewSet
from eventhub.api.rest.completing import CompletionView
from eventhub.api.rest.connections import ApiDestinationViewSet, ConnectionViewSet
from eventhub.api.rest.dead_letters import DeadLetterViewSet
from eventhub.api.rest.deliveries import DeliveryViewSet
from eventhub.api.rest.endpoints import EndpointViewSet
from eventhub.api.rest.event_types import EventTypeViewSet
from eventhub.api.rest.events import BusEventViewSet, EventViewSet
from eventhub.api.rest.explaining import Explain
from eventhub.api.rest.importing import Export, Import
from eventhub.api.rest.keys import KeyViewSet
from eventhub.api.rest.media import JSONAnswer
from eventhub.api.rest.partners import PartnerSourceViewSet
from eventhub.api.rest.previewing import Preview
from eventhub.api.rest.redactions import RedactionViewSet
from eventhub.api.rest.redrives import RedriveViewSet
from eventhub.api.rest.replays import ReplayViewSet
from eventhub.api.rest.rules import RuleViewSet
from eventhub.api.rest.target_actions import TargetActionViewSet
from eventhub.api.rest.target_kinds import TargetKinds
from eventhub.api.rest.targets import TargetViewSet
from eventhub.api.rest.versions import RuleVersionViewSet
from eventhub.flow.configure import Switch
from eventhub.journal.port import RedriveState


class Name:
    """A name in an address, of the characters that names are made of."""

    regex = r"[.\-_A-Za-z0-9]{1,256}"

    def to_python(self, value: str) -> str:
        """Return the name."""
        return value

    def to_url(self, value: str) -> str:
        """Return the name."""
        return value


class Slashed(Name):
    """A name that may hold slashes, ``%2F`` in addresses: of partner event sources and their buses."""

    regex = r"(?:aws\.partner(?:%2F[.\-_A-Za-z0-9]+){2,}|[.\-_A-Za-z0-9]{1,256})"

    def to_python(self, value: str) -> str:
        """Return the name."""
        return value.replace("%2F", "/")

    def to_url(self, value: str) -> str:
        """Return the name as ``asgi`` hands it on."""
        return value.replace("/", "%2F")


class NothingHere(APIView):
    """Any other address under ``/api/``: 404 in the form of this API, to anybody."""

    authentication_classes: list[Any] = []
    permission_classes: list[Any] = []
    renderer_classes = [JSONAnswer]
    schema = None  # no part of the OpenAPI document

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer every method alike."""
        self.http_method_names = [str(request.method).lower()]
        setattr(self, self.http_method_names[0], self._nothing)
        return super().dispatch(request, *args, **kwargs)

    def _nothing(self, request: Request, **_kwargs: Any) -> Response:
        raise NotFound


register_converter(Name, "name")
register_converter(Slashed, "slashed")

_MANY: dict[str, Any] = {"get": "list", "post": "create"}
_ONE: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}
_LIST: dict[str, Any] = {"get": "list"}
_READ: dict[str, Any] = {"get": "retrieve"}
_STEER: dict[str, Any] = {"post": "steer"}

urlpatterns = [
    path("buses", BusViewSet.as_view(_MANY)),
    path("buses/<slashed:name>", BusViewSet.as_view(_ONE)),
    path("buses/<slashed:name>/pause", BusViewSet.as_view({"post": "switch"}), {"paused": True}),
    path("buses/<slashed:name>/resume", BusViewSet.as_view({"post": "switch"}), {"paused": False}),
    path("buses/<slashed:name>/state", BusViewSet.as_view({"get": "state"})),
    path("buses/<slashed:bus>/events", BusEventViewSet.as_view(_LIST)),
    path("rules", RuleViewSet.as_view(_MANY)),
    path("rules/backtest", BacktestView.as_view()),
    path("rules/warnings", RuleViewSet.as_view({"post": "warn"})),
    path("rules/<int:pk>", RuleViewSet.as_view(_ONE)),
    path("rules/<int:pk>/enable", RuleViewSet.as_view({"post": "switch"}), {"enabled": True}),
    path("rules/<int:pk>/disable", RuleViewSet.as_view({"post": "switch"}), {"enabled": False}),
    path("rules/<int:pk>/versions", RuleVersionViewSet.as_view(_LIST)),
    path("rules/<int:pk>/rollback", RuleVersionViewSet.as_view({"post": "rollback"})),
    path("targets", TargetViewSet.as_view(_MANY)),
    path("targets/<name:name>", TargetViewSet.as_view(_ONE)),
    path("targets/<name:name>/state", TargetActionViewSet.as_view({"get": "state"})),
    path("targets/<name:name>/test", TargetActionViewSet.as_view({"post": "test"})),
    path("targets/<name:name>/rotate-secret", TargetActionViewSet.as_view({"post": "rotate_secret"})),
    *(
        path(f"targets/<name:name>/{how}", TargetActionViewSet.as_view({"post": "switch"}), {"how": how})
        for how in Switch
    ),
    path("target-kinds", TargetKinds.as_view()),
    path("target-kinds/<name:name>", TargetKinds.as_view()),
    path("connections", ConnectionViewSet.as_view(_MANY)),
    path("connections/<name:name>", ConnectionViewSet.as_view(_ONE)),
    path("api-destinations", ApiDestinationViewSet.as_view(_MANY)),
    path("api-destinations/<name:name>", ApiDestinationViewSet.as_view(_ONE)),
    path("archives", ArchiveViewSet.as_view(_MANY)),
    path("archives/<name:name>", ArchiveViewSet.as_view(_ONE)),
    path("replays", ReplayViewSet.as_view(_MANY)),
    path("replays/<name:name>", ReplayViewSet.as_view(_READ)),
    path("replays/<name:name>/cancel", ReplayViewSet.as_view({"post": "cancel"})),
    path("global-endpoints", EndpointViewSet.as_view(_MANY)),
    path("global-endpoints/<name:name>", EndpointViewSet.as_view(_ONE)),
    path("partner-sources", PartnerSourceViewSet.as_view(_MANY)),
    path(
        "partner-sources/<slashed:name>",
        PartnerSourceViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
    ),
    path(
        "partner-sources/<slashed:name>/activate",
        PartnerSourceViewSet.as_view({"post": "switch"}),
        {"active": True},
    ),
    path(
        "partner-sources/<slashed:name>/deactivate",
        PartnerSourceViewSet.as_view({"post": "switch"}),
        {"active": False},
    ),
    path("keys", KeyViewSet.as_view(_MANY)),
    path("keys/<name:pk>", KeyViewSet.as_view(_ONE)),
    path("keys/<name:pk>/rotate", KeyViewSet.as_view({"post": "rotate"})),
    path("audit", AuditViewSet.as_view(_LIST)),
    path("audit/<int:entry_id>", AuditViewSet.as_view(_READ)),
    path("audit/<int:entry_id>/rollback", AuditViewSet.as_view({"post": "rollback"})),
    path("redactions", RedactionViewSet.as_view({"get": "list", "post": "create"})),
    path("import", Import.as_view()),
    path("export", Export.as_view()),
    path("patterns/explain", Explain.as_view()),
    path("events", EventViewSet.as_view(_LIST)),
    path("events/complete", CompletionView.as_view()),
    path("events/<uuid:event_id>", EventViewSet.as_view(_READ)),
    path("events/<uuid:event_id>/preview", Preview.as_view()),
    path("event-types", EventTypeViewSet.as_view(_LIST)),
    path("event-types/<int:type_id>", EventTypeViewSet.as_view(_READ)),
    path("deliveries", DeliveryViewSet.as_view(_LIST)),
    re_path(r"^deliveries/(?P<seq>[0-9]+)$", DeliveryViewSet.as_view(_READ)),
    path("attempts", AttemptViewSet.as_view(_LIST)),
    re_path(r"^attempts/(?P<seq>[0-9]+)$", AttemptViewSet.as_view(_READ)),
    path("dead-letters", DeadLetterViewSet.as_view(_LIST)),
    path("dead-letters/groups", DeadLetterViewSet.as_view({"get": "groups"})),
    re_path(r"^dead-letters/(?P<seq>[0-9]+)$", DeadLetterViewSet.as_view(_READ)),
    path("redrives", RedriveViewSet.as_view(_MANY)),
    path("redrives/<int:redrive_id>", RedriveViewSet.as_view(_READ)),
    path("redrives/<int:redrive_id>/pause", RedriveViewSet.as_view(_STEER), {"state": RedriveState.PAUSED}),
    path("redrives/<int:redrive_id>/resume", RedriveViewSet.as_view(_STEER), {"state": RedriveState.RUNNING}),
    path(
        "redrives/<int:redrive_id>/cancel", RedriveViewSet.as_view(_STEER), {"state": RedriveState.CANCELLED}
    ),
    re_path(r"^schema/?$", Document.as_view(), name="api-schema"),
    re_path(r"^docs/?$", Page.as_view(), name="api-docs"),
    re_path(r"^.*$", NothingHere.as_view()),
]
