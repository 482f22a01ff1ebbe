"""API keys in the admin. A key's secret is on one page, the answer to making it, and nowhere afterwards."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from eventhub.access import seen
from eventhub.access.caller import Caller
from eventhub.access.keys import administered, mint
from eventhub.access.last_use import last_used
from eventhub.access.rotation import OVERLAP_SECONDS, rotate_key
from eventhub.access.scopes import Scope
from eventhub.admin.configured import ConfiguredAdmin
from eventhub.admin.lines import LinesField
from eventhub.admin.permitted import caller_in
from eventhub.flow.configure import take_effect
from eventhub.models import ApiKey, Bus, Subject, note_change, recorded

# How long an old secret may stay good, in seconds, and what people read.
OVERLAPS = [
    (0, "not at all"),
    (3600, "an hour"),
    (86_400, "a day"),
    (7 * 86_400, "a week"),
    (30 * 86_400, "30 days"),
]
_FACTS = ["created_at", "last_used", "old_secret"]
SCOPES = [
    (Scope.EVENTS_PUT, "events:put – put events on a bus, through any door"),
    (Scope.EVENTS_READ, "events:read – read events, deliveries and dead letters, and watch them live"),
    (Scope.EVENTS_SENSITIVE, "events:sensitive – see the fields of events that a bus marks as sensitive"),
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

    sources = LinesField(
        required=False,
        help_text="Which sources it may put events of, one a line: names, or beginnings such as shop.*. "
        "Leave empty for every source.",
    )

    class Meta:
        model = ApiKey
        fields = ["name", "scopes", "buses", "sources", "account", "rate_per_second", "expires_at", "enabled"]
        help_texts = {"expires_at": "UTC. Leave empty for a key that does not expire."}

    caller: Caller  # who fills it in; subclasses are made by KeyAdmin, which sets it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "buses" in self.fields:
            self.fields["buses"].queryset = seen.buses(self.caller, Scope.ADMIN)  # type: ignore[attr-defined]  # a choice of rows
            if not self.caller.may_everywhere(Scope.ADMIN):
                self.fields["buses"].help_text = "Choose one or more of the buses that you administer."
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
        elif not cleaned.get("buses") and not self.caller.may_everywhere(Scope.ADMIN):
            self.add_error("buses", "wanted one or more of the buses that you administer")
        return cleaned


@admin.register(ApiKey)
class KeyAdmin(ConfiguredAdmin):
    """Credentials of programs; an administrator of some buses sees and makes the keys limited to these."""

    form = KeyForm
    reads = writes = Scope.ADMIN
    list_display = ["name", "id", "scope_names", "bus_names", "source_names", "last_used", "ends", "is_valid"]
    list_select_related = ["use"]
    change_form_template = "admin/eventhub/apikey/change_form.html"
    list_filter = ["enabled"]
    search_fields = ["name", "id"]
    actions = ["enable", "disable"]
    fields = ["name", "scopes", "buses", "sources", "account", "rate_per_second", "expires_at", "enabled"]

    def get_urls(self) -> list[Any]:
        """Add the rotation of a key."""
        view = self.admin_site.admin_view(self.rotate_view)
        return [path("<str:pk>/rotate/", view, name="eventhub_apikey_rotate"), *super().get_urls()]

    def may_see(self, caller: Caller, row: ApiKey | None = None) -> bool:
        """Tell whether the caller administers a key."""
        return caller.may(Scope.ADMIN) and (row is None or administered(caller).filter(pk=row.pk).exists())

    def may_change(self, caller: Caller, row: ApiKey | None = None) -> bool:
        """Tell whether the caller administers a key."""
        return self.may_see(caller, row)

    def rows_seen(self, rows: QuerySet[Any], caller: Caller) -> QuerySet[Any]:
        """Return the keys that the caller administers."""
        return rows.filter(pk__in=administered(caller).values("pk"))

    def get_form(
        self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Tell the form who fills it in."""
        form = super().get_form(request, obj, change, **kwargs)
        return type("KeyForm", (form,), {"caller": caller_in(request)})

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Bring what the list shows of each key."""
        keys: QuerySet[ApiKey] = super().get_queryset(request)
        return keys.prefetch_related("buses")

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """A new key is enabled; a made one has an id."""
        return ["id", *self.fields, *_FACTS] if obj else self.fields[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        """Show what never changes."""
        return ["id", *_FACTS] if obj else []

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Save the key; mint a new one."""
        if change:
            super().save_model(request, obj, form, change)
            return
        made, secret = mint(
            obj.name,
            form.cleaned_data["scopes"],
            expires_at=obj.expires_at,
            sources=obj.sources,
            account=obj.account,
            rate_per_second=obj.rate_per_second,
        )
        # The form goes on with the row that was made: its buses are saved in save_related.
        obj.__dict__.update(made.__dict__)
        request.made_secret = secret  # type: ignore[attr-defined]  # for response_add, within this request alone

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the buses, of which the row itself does not know."""
        with transaction.atomic(), recorded(Subject(ApiKey, form.instance.pk)):
            super().save_related(request, form, formsets, change)
            note_change()

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, once: in this answer, never in a session or a cookie."""
        secret = request.made_secret  # type: ignore[attr-defined]  # by save_model
        return self._shown(request, obj, secret, "The key is made")

    def rotate_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Give a key another secret and show it, this once."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        key = self.get_object(request, pk)
        if key is None:
            raise Http404
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        seconds = request.POST.get("overlap_seconds", "")
        if seconds not in {str(choice) for choice, _ in OVERLAPS}:
            raise BadRequest("overlap_seconds: wanted one of the choices of the form")
        with transaction.atomic():
            rotated, secret = rotate_key(key.pk, overlap_seconds=int(seconds), now=timezone.now())
            take_effect()
        self.log_change(request, rotated, "Gave it another secret.")
        return self._shown(request, rotated, secret, "The new secret")

    def _shown(self, request: HttpRequest, key: ApiKey, secret: str, title: str) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "key": key,
            "secret": secret,
        }
        return TemplateResponse(
            request, "admin/eventhub/apikey/made.html", context
        )  # the admin says no-store

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Offer the overlaps of a rotation."""
        extra = {"overlaps": OVERLAPS, "overlap": OVERLAP_SECONDS}
        return super().changeform_view(request, object_id, form_url, extra | (extra_context or {}))

    @admin.display(description="scopes")
    def scope_names(self, key: ApiKey) -> str:
        """Return the scopes as text."""
        return ", ".join(key.scopes)

    @admin.display(description="buses")
    def bus_names(self, key: ApiKey) -> str:
        """Return the buses as text."""
        return ", ".join(bus.name for bus in key.buses.all()) or "every bus"

    @admin.display(description="sources")
    def source_names(self, key: ApiKey) -> str:
        """Return the sources as text."""
        return ", ".join(key.sources) or "every source"

    @admin.display(description="last used", ordering="use__last_at")
    def last_used(self, key: ApiKey) -> str:
        """Return when the key last opened a door, to the minute."""
        at = last_used(key)
        return "never" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="ends", ordering="expires_at")
    def ends(self, key: ApiKey) -> str:
        """Return when the key expires."""
        return "never" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d %H:%M} UTC"

    @admin.display(description="old secret")
    def old_secret(self, key: ApiKey) -> str:
        """Return until when the secret before is good."""
        until = key.old_secret_until
        if until is None:
            return "none: the key has one secret"
        at = f"{until:%Y-%m-%d %H:%M} UTC"
        return f"is good beside the new one until {at}" if until > timezone.now() else f"ended at {at}"

    @admin.display(description="valid now", boolean=True)
    def is_valid(self, key: ApiKey) -> bool:
        """Tell whether the key is good."""
        return key.enabled and (key.expires_at is None or key.expires_at > timezone.now())
