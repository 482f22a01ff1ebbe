"""Connections and API destinations in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from eventhub.admin.configured import ConfiguredAdmin
from eventhub.admin.permitted import OfNoBus
from eventhub.admin.sealed_form import SealedForm
from eventhub.admin.settings_fields import form_fields, form_name
from eventhub.models import ApiDestination, Connection
from eventhub.targets.credentials import API_KEY, BASIC, BEARER, CLIENT_IN, OAUTH, TOKEN_METHODS
from eventhub.targets.kind import Field, FieldType

_OWN: dict[str, tuple[Field, ...]] = {
    BASIC: (
        Field("user_name", "User name", "Who signs in.", required=True),
        Field("password", "Password", "For the user name.", required=True, secret=True),
    ),
    API_KEY: (
        Field("header", "Header", "The header that carries the key.", required=True, example="X-API-Key"),
        Field("key", "Key", "What the header says.", required=True, secret=True),
    ),
    BEARER: (Field("token", "Token", "Sent as Authorization: Bearer.", required=True, secret=True),),
    OAUTH: (
        Field("token_url", "Token URL", "Where tokens are fetched.", FieldType.URL, required=True),
        Field("client_id", "Client id", "Who asks for a token.", required=True),
        Field("client_secret", "Client secret", "Of the client.", required=True, secret=True),
        Field("scope", "Scope", "What the token is for; empty: the server's default."),
        Field("method", "Method", "How the token is asked for.", FieldType.CHOICE, choices=TOKEN_METHODS,
              default="POST"),
        Field("client_in", "Client in", "Where client id and secret are sent.", FieldType.CHOICE,
              choices=CLIENT_IN, default="body"),
        Field("token_headers", "Headers for the token", "Added when a token is fetched.", FieldType.PAIRS),
        Field("token_query", "Query for the token", "Added when a token is fetched.", FieldType.PAIRS),
        Field("token_body", "Body for the token", "Added when a token is fetched.", FieldType.PAIRS),
    ),
}  # fmt: skip
_ADDED = (
    Field("headers", "Headers", "Added to every request.", FieldType.PAIRS),
    Field("query", "Query", "Added to every request.", FieldType.PAIRS),
    Field("body", "Body", "Members added to every payload that is a JSON object.", FieldType.PAIRS),
)
_ADDED_SECRETS = tuple(
    Field(field.name, f"Secret {field.label.lower()}", field.help, field.type, secret=True)
    for field in _ADDED
)


class ConnectionForm(SealedForm):
    """A connection of one authorisation. Subclasses are made by ``_form_of``, which sets ``auth``."""

    auth: str = API_KEY

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.auth = self.auth


def _form_of(auth: str, connection: Connection | None) -> type[ConnectionForm]:
    settings = (*_OWN[auth], *_ADDED, *_ADDED_SECRETS)
    made = form_fields(
        settings, connection.config if connection else {}, connection.secret_names() if connection else []
    )
    return type("ConnectionForm", (ConnectionForm,), {**made, "auth": auth, "settings": settings})


def _asked(request: HttpRequest) -> str:
    auth = request.GET.get("auth") or request.POST.get("auth") or ""
    return auth if auth in _OWN else ""


@admin.register(Connection)
class ConnectionAdmin(OfNoBus, ConfiguredAdmin):
    """How we identify ourselves to receivers."""

    form = ConnectionForm
    list_display = ["name", "auth", "authorized", "description"]
    list_filter = ["auth"]
    search_fields = ["name", "description"]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for the authorisation first."""
        if _asked(request) or not self.has_add_permission(request):
            return super().add_view(request, form_url, extra_context)
        context = self.admin_site.each_context(request) | {
            "title": "Add connection",
            "opts": self.opts,
            "auths": [(value, label, _address(request, value)) for value, label in Connection.Auth.choices],
            "is_popup": "_popup" in request.GET,
        }
        return TemplateResponse(request, "admin/eventhub/connection/choose_auth.html", context)

    def get_form(
        self, request: HttpRequest, obj: Connection | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form of the authorisation."""
        return super().get_form(request, obj, change, **kwargs | {"form": _form_of(_auth(request, obj), obj)})

    def get_fieldsets(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        """Return the layout for the authorisation."""
        auth = _auth(request, obj)
        added = [form_name(field) for field in (*_ADDED, *_ADDED_SECRETS)]
        return [
            (None, {"fields": ["name", "description", "authorized"]}),
            (
                str(Connection.Auth(auth).label).capitalize(),
                {
                    "fields": [form_name(field) for field in _OWN[auth]],
                    "description": "Secrets are sealed when they are saved and never shown again.",
                },
            ),
            ("Added to each request", {"classes": ["collapse"], "fields": added}),
        ]


def _auth(request: HttpRequest, connection: Connection | None) -> str:
    return connection.auth if connection and connection.auth in _OWN else _asked(request) or API_KEY


def _address(request: HttpRequest, auth: str) -> str:
    asked = request.GET.copy()
    asked["auth"] = auth
    return f"?{asked.urlencode()}"


@admin.register(ApiDestination)
class ApiDestinationAdmin(OfNoBus, ConfiguredAdmin):
    """HTTP endpoints that are called with a connection."""

    list_display = ["name", "method", "endpoint", "connection", "rate_per_second"]
    list_select_related = ["connection"]
    list_filter = ["method", "connection"]
    search_fields = ["name", "endpoint", "description"]
    fields = ["name", "description", "connection", "method", "endpoint", "rate_per_second"]
