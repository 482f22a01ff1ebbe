"""The table of the matrix: for every address, what one has to be allowed to be let in.

A need is letters of scopes (``estate.LETTERS``), any of which lets in, and where they have to be allowed:
``bus``, the one that the address is about; ``any`` bus at all; ``every`` bus. Needs are separated by blanks,
each of which lets in. ``public`` lets everybody in, ``known`` whoever has proved to be somebody, ``person``
whoever has signed in, ``never`` nobody.
"""

from typing import NamedTuple


class Ask(NamedTuple):
    """One request: its address (with names of ``Estate.names`` in braces), need, and body."""

    method: str
    address: str
    need: str
    body: str = "{}"


def _many(address: str, add: str = "w@every", see: str = "r@any") -> list[Ask]:
    return [Ask("GET", address, see), Ask("POST", address, add)]


def _one(address: str, change: str = "w@every", see: str = "r@bus", delete: str = "") -> list[Ask]:
    return [
        Ask("GET", address, see),
        Ask("PATCH", address, change),
        Ask("DELETE", address, delete or change),
    ]


def _post(address: str, need: str, body: str = "{}") -> list[Ask]:
    return [Ask("POST", address, need, body)]


def _get(address: str, need: str) -> list[Ask]:
    return [Ask("GET", address, need)]


SHARED = "r@every"  # belongs to no bus
REST: dict[str, list[Ask]] = {
    "buses": _many("/api/buses"),
    "buses/<slashed:name>": _one("/api/buses/{bus}", "w@every a@bus", delete="w@every"),
    "buses/<slashed:name>/pause": _post("/api/buses/{bus}/pause", "w@every a@bus"),
    "buses/<slashed:name>/resume": _post("/api/buses/{bus}/resume", "w@every a@bus"),
    "buses/<slashed:name>/state": _get("/api/buses/{bus}/state", "r@bus"),
    "buses/<slashed:bus>/events": _get("/api/buses/{bus}/events", "e@bus"),
    "rules": _many("/api/rules", "w@any"),
    "rules/<int:pk>": _one("/api/rules/{rule}", "w@bus"),
    # It takes events:read as well: of keys, which have one scope here, an administrator's alone.
    "rules/backtest": _post("/api/rules/backtest", "both"),
    "rules/warnings": _post("/api/rules/warnings", "w@any"),
    "rules/<int:pk>/versions": _get("/api/rules/{rule}/versions", "r@bus"),
    "rules/<int:pk>/rollback": _post("/api/rules/{rule}/rollback", "w@bus"),
    "rules/<int:pk>/enable": _post("/api/rules/{rule}/enable", "w@bus"),
    "rules/<int:pk>/disable": _post("/api/rules/{rule}/disable", "w@bus"),
    "targets": _many("/api/targets"),
    "targets/<name:name>": _one("/api/targets/{target}"),
    "targets/<name:name>/state": _get("/api/targets/{target}/state", "r@bus"),
    **{
        f"targets/<name:name>/{action}": _post(f"/api/targets/{{target}}/{action}", "w@every")
        for action in ("test", "rotate-secret", "enable", "disable", "pause", "resume")
    },
    "target-kinds": _get("/api/target-kinds", "r@any"),
    "target-kinds/<name:name>": _get("/api/target-kinds/webhook", "r@any"),
    "connections": _many("/api/connections"),
    "connections/<name:name>": _one("/api/connections/{connection}", see=SHARED),
    "api-destinations": _many("/api/api-destinations"),
    "api-destinations/<name:name>": _one("/api/api-destinations/{destination}", see=SHARED),
    "global-endpoints": _many("/api/global-endpoints"),
    "global-endpoints/<name:name>": _one("/api/global-endpoints/{endpoint}", see=SHARED),
    "partner-sources": _many("/api/partner-sources"),
    "partner-sources/<slashed:name>": [
        Ask("GET", "/api/partner-sources/aws.partner%252Fcrm%252F1", SHARED),
        Ask("DELETE", "/api/partner-sources/aws.partner%252Fcrm%252F1", "w@every"),
    ],
    **{
        f"partner-sources/<slashed:name>/{action}": _post(
            f"/api/partner-sources/aws.partner%252Fcrm%252F1/{action}", "w@every"
        )
        for action in ("activate", "deactivate")
    },
    "archives": _many("/api/archives", "w@any"),
    "archives/<name:name>": _one("/api/archives/{archive}", "w@bus"),
    "replays": _many("/api/replays", "w@any"),
    "replays/<name:name>": _get("/api/replays/{replay}", "r@bus"),
    "replays/<name:name>/cancel": _post("/api/replays/{replay}/cancel", "w@bus"),
    "keys": _many("/api/keys", "a@any", "a@any"),
    "keys/<name:pk>": _one("/api/keys/{key}", "a@bus", "a@bus"),
    "keys/<name:pk>/rotate": _post("/api/keys/{key}/rotate", "a@bus"),
    "audit": _get("/api/audit", "a@any"),
    "audit/<int:entry_id>": _get("/api/audit/{audit}", "a@bus"),
    "audit/<int:entry_id>/rollback": _post("/api/audit/{audit}/rollback", "a@bus"),
    "^schema/?$": _get("/api/schema/", "known"),
    "^docs/?$": _get("/api/docs/", "person"),
    "import": _post("/api/import", "a@every", "buses: []"),
    "export": _get("/api/export", "a@every"),
    "patterns/explain": _post("/api/patterns/explain", "er@any")
    + _post("/api/patterns/explain", "e@bus", '{"pattern": {"a": [1]}, "event_id": "<event>"}'),
    "redactions": _get("/api/redactions", "a@every") + _post("/api/redactions", "a@any"),
    "event-types": _get("/api/event-types", "e@any"),
    "event-types/<int:type_id>": _get("/api/event-types/{event_type}", "e@bus"),
    "events": _get("/api/events", "e@any"),
    "events/complete": _get("/api/events/complete?q=type:", "e@any"),
    "events/<uuid:event_id>": _get("/api/events/{event}", "e@bus"),
    "events/<uuid:event_id>/preview": _post("/api/events/{event}/preview", "e@bus")
    + _post("/api/events/{event}/preview", "e@bus", '{"transform": {"InputPath": "$.detail.card"}}'),
    "deliveries": _get("/api/deliveries", "e@any"),
    "^deliveries/(?P<seq>[0-9]+)$": _get("/api/deliveries/{delivery}", "e@bus"),
    "attempts": _get("/api/attempts", "e@any"),
    "^attempts/(?P<seq>[0-9]+)$": _get("/api/attempts/{attempt}", "e@bus"),
    "dead-letters": _get("/api/dead-letters", "e@any"),
    "dead-letters/groups": _get("/api/dead-letters/groups", "e@any"),
    "^dead-letters/(?P<seq>[0-9]+)$": _get("/api/dead-letters/{letter}", "e@bus"),
    "redrives": _get("/api/redrives", "e@any") + _post("/api/redrives", "w@any"),
    # Of somebody else: theirs may be of letters of any bus.
    "redrives/<int:redrive_id>": _get("/api/redrives/{redrive}", "e@every"),
    **{
        f"redrives/<int:redrive_id>/{action}": _post(f"/api/redrives/{{redrive}}/{action}", "w@every")
        for action in ("pause", "resume", "cancel")
    },
    "^.*$": _get("/api/nothing-here", "nowhere"),
}
PAGES: dict[str, list[Ask]] = {
    "sign-in": _get("/sign-in", "public"),
    "sign-in/<str:token>": _get("/sign-in/spent", "public"),
    "sign-out": _post("/sign-out", "public"),
    "": _get("/", "public"),
    "flow": _get("/flow", "e@any") + _get("/flow?bus={bus}", "e@bus"),
    "flow/rows": _get("/flow/rows", "e@any") + _get("/flow/rows?bus={bus}", "e@bus"),
    "flow/bars": _get("/flow/bars", "e@any") + _get("/flow/bars?bus={bus}", "e@bus"),
    "flow/at": _get("/flow/at?at=1m", "e@any") + _get("/flow/at?at=1m&bus={bus}", "e@bus"),
    "flow/first-key": _post("/flow/first-key?bus={bus}", "p@bus"),
    "flow/test-event": _post("/flow/test-event?bus={bus}", "p@bus"),
    "events": _get("/events", "e@any"),
    "events/<uuid:event_id>": _get("/events/{event}", "e@bus"),
    "events/<uuid:event_id>/summary": _get("/events/{event}/summary", "e@bus"),
    "events/previews": _get("/events/previews", "e@any"),
    "events/<uuid:event_id>/preview": _get("/events/{event}/preview", "e@bus"),
    "events/<uuid:event_id>/rows": _get("/events/{event}/rows", "e@bus"),
    "events/<uuid:event_id>/others": _get("/events/{event}/others", "e@bus"),
    "events/<uuid:event_id>/overview": _get("/events/{event}/overview", "e@bus"),
    "events/<uuid:event_id>/deliveries/<int:seq>": _get("/events/{event}/deliveries/{delivery}", "e@bus"),
    "events/<uuid:event_id>/deliveries/<int:seq>/<int:number>": _get(
        "/events/{event}/deliveries/{delivery}/1", "e@bus"
    ),
    "events/<uuid:event_id>/why/<int:rule_id>": _get("/events/{event}/why/{rule}", "e@bus"),
    "events/<uuid:event_id>/replay": _get("/events/{event}/replay", "w@bus")
    + _post("/events/{event}/replay", "w@bus"),
    "dead-letters": _get("/dead-letters", "e@any"),
    "dead-letters/redrive": _get("/dead-letters/redrive", "w@any"),
    "dead-letters/redrives": _get("/dead-letters/redrives", "e@any"),
    "dead-letters/redrives/<int:redrive_id>/<str:action>": _post(
        "/dead-letters/redrives/{redrive}/pause", "w@every"
    ),
    "targets": _get("/targets", "r@any"),
    **{
        f"targets/<int:pk>{part}": _get(f"/targets/{{target_id}}{part}", "r@bus")
        for part in ("", "/now", "/lately")
    },
    "targets/<int:pk>/test": _post("/targets/{target_id}/test", "w@every"),
    "targets/<int:pk>/limits": _post("/targets/{target_id}/limits", "w@every"),
    "targets/<int:pk>/<str:action>": _post("/targets/{target_id}/pause", "w@every"),
    "help/keys": _get("/help/keys", "person"),
    "rules": _get("/rules", "r@any"),
    "rules/switch": _post("/rules/switch", "w@any"),
    "rules/new": _get("/rules/new", "w@any"),
    "rules/try": _post("/rules/try?bus={bus}", "r@bus"),
    "rules/<int:pk>": _get("/rules/{rule}", "r@bus") + _post("/rules/{rule}", "w@bus"),
    "rules/<int:pk>/try": _post("/rules/{rule}/try", "r@bus"),
    "rules/<int:pk>/versions": _get("/rules/{rule}/versions", "r@bus"),
    "rules/<int:pk>/rollback": _post("/rules/{rule}/rollback", "w@bus"),
    "buses": _get("/buses", "r@any"),
    "buses/<path:name>": _get("/buses/{bus}", "r@bus"),
    "archives/new": _get("/archives/new?bus={bus}", "w@bus"),
    "replays/new": _get("/replays/new?archive={archive_id}", "w@bus"),
    "replays/<int:replay_id>/cancel": _post("/replays/{replay_id}/cancel", "w@bus"),
    "sources": _get("/sources", "e@any"),
    "docs/": _get("/docs/", "person"),
    "docs/<path:name>": _get("/docs/keys-and-people", "person"),
}
# Per model of the admin: the row of a page, and the needs to see, add, change and delete.
MODELS: dict[str, tuple[str, str, str, str, str]] = {
    "journal/eventrow": ("{event_seq}", "e@bus", "never", "never", "never"),
    "journal/outcomerow": ("{delivery}", "e@bus", "never", "never", "never"),
    "journal/attemptrow": ("{attempt}", "e@bus", "never", "never", "never"),
    "journal/deadletterrow": ("{letter}", "e@bus", "never", "never", "never"),
    "journal/replayrow": ("{replay_id}", "r@bus", "w@any", "never", "never"),
    "eventhub/bus": ("{bus_id}", "r@bus", "w@every", "w@every a@bus", "w@every"),
    "eventhub/rule": ("{rule}", "r@bus", "w@any", "w@bus", "w@bus"),
    "eventhub/target": ("{target_id}", "r@bus", "w@every", "w@every", "w@every"),
    "eventhub/connection": ("{connection_id}", SHARED, "w@every", "w@every", "w@every"),
    "eventhub/apidestination": ("{destination_id}", SHARED, "w@every", "w@every", "w@every"),
    "eventhub/globalendpoint": ("{endpoint_id}", SHARED, "w@every", "w@every", "w@every"),
    "eventhub/partnersource": ("{source}", SHARED, "w@every", "w@every", "w@every"),
    "eventhub/archive": ("{archive_id}", "r@bus", "w@any", "w@bus", "w@bus"),
    "eventhub/apikey": ("{key}", "a@bus", "a@any", "a@bus", "a@bus"),
    "eventhub/grant": ("{grant}", "a@bus", "a@any", "a@bus", "a@bus"),
    "eventhub/auditentry": ("{audit}", "a@bus", "never", "a@bus", "never"),  # which only shows
    "auth/user": ("{user}", "a@every", "a@every", "a@every", "a@every"),
    "auth/group": ("{group}", "a@every", "a@every", "a@every", "a@every"),
}


# The history of what is configured is the audit trail, which administrators of its bus read.
_TRAIL = dict.fromkeys(MODELS, "a@every") | {
    "eventhub/bus": "a@bus",
    "eventhub/rule": "a@bus",
    "eventhub/archive": "a@bus",
    "eventhub/grant": "a@bus",
    **{name: needs[1] for name, needs in MODELS.items() if name.startswith("journal/")},
    "eventhub/auditentry": "a@bus",
}


def _model(name: str, row: str, see: str, add: str, change: str, delete: str) -> dict[str, list[Ask]]:
    page, listed = f"/admin/{name}/", see.replace("@bus", "@any")
    one = f"{page}{row}/"
    return {
        f"{name}/": _get(page, listed),
        f"{name}/add/": _get(f"{page}add/", add),
        f"{name}/<path:object_id>/history/": _get(f"{one}history/", _TRAIL.get(name, see)),
        f"{name}/<path:object_id>/delete/": _get(f"{one}delete/", delete),
        f"{name}/<path:object_id>/change/": _get(f"{one}change/", see) + _post(f"{one}change/", change),
        f"{name}/<path:object_id>/": _get(one, "erw@any"),  # leads to the page before
    }


ADMIN: dict[str, list[Ask]] = {
    "": _get("/admin/", "erw@any"),
    "login/": _get("/admin/login/", "never"),  # leads to our own page, or to the index
    "logout/": _post("/admin/logout/", "public"),
    "password_change/": _get("/admin/password_change/", "erw@any"),
    "password_change/done/": _get("/admin/password_change/done/", "erw@any"),
    "autocomplete/": _get("/admin/autocomplete/", "never"),
    "jsi18n/": _get("/admin/jsi18n/", "erw@any"),
    "r/<path:content_type_id>/<path:object_id>/": _get("/admin/r/1/1/", "never"),
    "^(?P<app_label>journal|eventhub|auth)/$": _get("/admin/eventhub/", "erw@any"),
    "(?P<url>.*)$": _get("/admin/nothing-here", "never"),
    "auth/user/<id>/password/": _get("/admin/auth/user/{user}/password/", "a@every"),
    "eventhub/apikey/<str:pk>/rotate/": _post("/admin/eventhub/apikey/{key}/rotate/", "a@bus"),
    "eventhub/auditentry/<int:pk>/rollback/": _get("/admin/eventhub/auditentry/{audit}/rollback/", "a@bus"),
    "eventhub/rule/<int:pk>/rollback/<int:number>/": _get("/admin/eventhub/rule/{rule}/rollback/1/", "w@bus"),
    "eventhub/target/<int:pk>/test/": _post("/admin/eventhub/target/{target_id}/test/", "w@every"),
    "eventhub/target/<int:pk>/rotate-secret/": _post(
        "/admin/eventhub/target/{target_id}/rotate-secret/", "w@every"
    ),
    "eventhub/target/<int:pk>/<slug:how>-it/": _post(
        "/admin/eventhub/target/{target_id}/pause-it/", "w@every"
    ),
    **{route: asks for name, needs in MODELS.items() for route, asks in _model(name, *needs).items()},
}
TABLE = {
    **{f"api/{route}": asks for route, asks in REST.items()},
    **{f"admin/{route}": asks for route, asks in ADMIN.items()},
    **PAGES,
}
