"""The admin's site: Eventhub's own things first, in the order of an event's way, and our sign-in page.

Not in ``eventhub.admin``: importing that registers with the site, so the site has to be there before.
"""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from eventhub.access.caller import caller_of_user

# Applications, and their models by class name; what is not named here comes after, as Django orders it.
_ORDER = {
    "eventhub": ["Bus", "Rule", "Target", "Connection", "ApiDestination", "ApiKey", "Grant", "AuditEntry"],
    "journal": ["EventRow", "OutcomeRow", "AttemptRow", "DeadLetterRow"],
    "auth": ["User", "Group"],
}
_CALLED = {"AuditEntry": "Audit trail"}  # models that are listed under another name than their rows have
_NAMES = {"eventhub": "Eventhub", "journal": "What happened", "auth": "Accounts"}


class EventhubSite(AdminSite):
    """``/admin/``."""

    site_header = "Eventhub"
    site_title = "Eventhub"
    index_title = "Configuration"
    site_url = "/flow"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in who has a role; what they may see and change there is asked for each page."""
        caller = caller_of_user(request.user)
        return caller is not None and not caller.has_no_role

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return what the index and the sidebar list."""
        listed = super().get_app_list(request, app_label)
        for app in listed:
            app["name"] = _NAMES.get(app["app_label"], app["name"])
            for model in app["models"]:
                model["name"] = _CALLED.get(model["object_name"], model["name"])
            order = _ORDER.get(app["app_label"], [])
            app["models"].sort(key=lambda model, order=order: _place(order, model["object_name"]))
        return sorted(listed, key=lambda app: _place(list(_ORDER), app["app_label"]))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one page that people sign in on; who is signed in and still not let in is refused."""
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
            wanted = resolve_url("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(wanted)
        if request.user.is_authenticated:
            raise PermissionDenied("only who has a role may enter the admin")
        return redirect_to_login(wanted, resolve_url("sign-in"))


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
