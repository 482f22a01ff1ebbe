"""The admin's site: Eventhub's own things first, in the order of an event's way, and our sign-in page.

Not in ``eventhub.admin``: importing that registers with the site, so the site has to be there before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from eventhub.access.caller import Caller, caller_of_user
from eventhub.dashboard.admin_state import state_for


@dataclass(frozen=True, slots=True)
class Group:
    """Things that people look for together."""

    name: str
    title: str
    about: str
    models: Sequence[str]  # class names, in order


# In the order of an event's way; what no group names comes last, as Django orders it.
GROUPS = (
    Group("routing", "Routing", "What comes in, and who gets it", ["Bus", "Rule", "Schedule"]),
    Group("delivery", "Delivery", "Where events go", ["Target", "Connection", "ApiDestination"]),
    Group("keeping", "Keeping", "Events to put on a bus again", ["Archive", "ReplayRow"]),
    Group("access", "Access", "Who may, and who did", ["ApiKey", "User", "Group", "Grant", "AuditEntry"]),
    Group(
        "happened",
        "What happened",
        "To read, never to change",
        ["EventRow", "OutcomeRow", "AttemptRow", "DeadLetterRow"],
    ),
    Group("aws", "As in EventBridge", "What its API has beside", ["PartnerSource", "GlobalEndpoint"]),
)
_CALLED = {"AuditEntry": "Audit trail"}  # models that are listed under another name than their rows have
ABOUT = {
    "Bus": "named streams of events",
    "Rule": "patterns and targets",
    "Schedule": "rules by the clock",
    "Target": "receivers of events",
    "Connection": "credentials for them",
    "ApiDestination": "HTTP, with a rate",
    "Archive": "events kept for later",
    "ReplayRow": "archived events again",
    "ApiKey": "credentials of programs",
    "User": "people who sign in",
    "Group": "people with the same roles",
    "Grant": "what people may do, by bus",
    "AuditEntry": "each change: who, when, what",
    "EventRow": "what was accepted",
    "OutcomeRow": "matches and where they stand",
    "AttemptRow": "each try at a target",
    "DeadLetterRow": "what was given up",
}


class EventhubSite(AdminSite):
    """``/admin/``."""

    site_header = "Eventhub"
    site_title = "Eventhub"
    index_title = "Admin"
    site_url = "/flow"

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in who has a role; what they may see and change there is asked for each page."""
        caller = caller_of_user(request.user)
        return caller is not None and not caller.has_no_role

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return what the index and the sidebar list: groups, each with the models that somebody may see."""
        listed = super().get_app_list(request, app_label)
        models = {}
        for app in listed:
            for model in app["models"]:
                model["name"] = _CALLED.get(model["object_name"], model["name"])
                model["about"] = ABOUT.get(model["object_name"], "")
                models[model["object_name"]] = model
        if app_label is not None:  # a page of Django's own for each application
            return listed
        if "Rule" in models:
            models["Schedule"] = _schedules(models["Rule"])
        found = [_listed(group, models) for group in GROUPS]
        return [group for group in found if group["models"]] + [app for app in listed if _is_other(app)]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show the state at a glance, what was changed last, and what can be configured."""
        beside = state_for(caller_in(request))
        return super().index(request, beside | (extra_context or {}))

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


def caller_in(request: HttpRequest) -> Caller:
    """Return who uses the admin, who has been let in."""
    caller = caller_of_user(request.user)
    if caller is None:
        raise PermissionDenied  # deactivated since
    return caller


def _listed(group: Group, models: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": group.title,
        "about": group.about,
        "app_label": group.name,
        "app_url": f"{reverse('admin:index')}#{group.name}",
        "has_module_perms": True,
        "models": [models[name] for name in group.models if name in models],
    }


def _schedules(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Return rules with a schedule as if they were a model of their own."""
    listed = f"{rules['admin_url']}?schedule=yes"
    add = rules["add_url"]
    return {**rules, "name": "Schedules", "object_name": "Schedule", "admin_url": listed, "add_url": add} | {
        "about": ABOUT["Schedule"]
    }


def _is_other(app: Mapping[str, Any]) -> bool:
    named = {name for group in GROUPS for name in group.models}
    return any(model["object_name"] not in named for model in app["models"])
