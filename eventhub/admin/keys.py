"""API keys in the admin. A key's secret is on one page, the answer to making it, and nowhere afterwards."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from eventhub.access.keys import mint
from eventhub.access.scopes import Scope
from eventhub.admin.configured import ConfiguredAdmin
from eventhub.models import ApiKey, Bus, note_change

SCOPES = [
    (Scope.EVENTS_PUT, "events:put – put events on a bus, through any door"),
    (Scope.EVENTS_READ, "events:read – read events, deliveries and dead letters, and watch them live"),
    (Scope.RULES_READ, "rules:read – read buses, rules and targets"),
    (Scope.RULES_WRITE, "rules:write – make, change and delete buses, rules and targets"),
    (Scope.ADMIN, "admin – everything"),
]


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What a key may do, where and how long."""

    scopes = forms.MultipleChoiceField(choices=SCOPES, widget=forms.CheckboxSelectMultiple)
    buses = forms.ModelMultipleChoiceField(
        queryset=Bus.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none for every bus, also those that are made later.",
    )

    class Meta:
        model = ApiKey
        fields = ["name", "scopes", "buses", "account", "rate_per_second", "expires_at", "enabled"]
        help_texts = {"expires_at": "UTC. Leave empty for a key that does not expire."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expires_at" in self.fields:
            date, time = self.fields["expires_at"].widget.widgets
            date.attrs["aria-label"], time.attrs["aria-label"] = "Expires on, date", "Expires at, time (UTC)"

    def clean(self) -> dict[str, Any]:
        """Refuse to take a key's last bus away: a key without buses is for every bus."""
        cleaned: dict[str, Any] = super().clean() or {}
        limited = bool(self.instance.pk) and self.instance.buses.exists()
        if limited and not cleaned.get("buses"):
            self.add_error(
                "buses", "this key is limited to buses: choose one, or make another key for every bus"
            )
        return cleaned


@admin.register(ApiKey)
class KeyAdmin(ConfiguredAdmin):
    """Credentials of programs."""

    form = KeyForm
    list_display = ["name", "id", "scope_names", "bus_names", "account", "enabled", "expires_at", "is_valid"]
    list_filter = ["enabled"]
    search_fields = ["name", "id"]
    actions = ["enable", "disable"]
    fields = ["name", "scopes", "buses", "account", "rate_per_second", "expires_at", "enabled"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Bring what the list shows of each key."""
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return keys.prefetch_related("buses")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """A new key is enabled; a made one has an id."""
        return ["id", *self.fields, "created_at"] if obj else self.fields[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Show what never changes."""
        return ["id", "created_at"] if obj else []

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Save the key; mint a new one."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made, secret = mint(
            obj.name,
            form.cleaned_data["scopes"],
            expires_at=obj.expires_at,
            account=obj.account,
            rate_per_second=obj.rate_per_second,
        )
        # The form goes on with the row that was made: its buses are saved in save_related.
        obj.__dict__.update(made.__dict__)
        request.made_secret = secret  # type: ignore[attr-defined]  # for response_add, within this request alone

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the buses, of which the row itself does not know."""
        with transaction.atomic():
            super().save_related(request, form, formsets, change)
            note_change()

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, once: in this answer, never in a session or a cookie."""
        context = self.admin_site.each_context(request) | {
            "title": "The key is made",
            "opts": self.opts,
            "key": obj,
            "secret": request.made_secret,  # type: ignore[attr-defined]  # by save_model
        }
        return TemplateResponse(
            request, "admin/eventhub/apikey/made.html", context
        )  # the admin says no-store

    @admin.display(description="scopes")
    def scope_names(self, key: ApiKey) -> str:
        """Return the scopes as text."""
        return ", ".join(key.scopes)

    @admin.display(description="buses")
    def bus_names(self, key: ApiKey) -> str:
        """Return the buses as text."""
        return ", ".join(bus.name for bus in key.buses.all()) or "every bus"

    @admin.display(description="valid now", boolean=True)
    def is_valid(self, key: ApiKey) -> bool:
        """Tell whether the key is good."""
        return key.enabled and (key.expires_at is None or key.expires_at > timezone.now())
