"""What the REST API says of itself: an OpenAPI 3.1 document, and the page that shows it.

    resources/*  ── Operation by (method, path) ─┐
                                                 ├─ schema.DescribedSchema ─ drf-spectacular ─▶ /api/schema/
    rest.urls    ── what can be asked ───────────┘        doors (a hook)                        /api/docs/

``drf-spectacular`` walks the addresses; what is said of each is written by hand, in ``resources``, one module
for each resource: its shape with an example, its operations with theirs. Serializers are not asked, because
half of the answers have none, and they could not say what a member means. The doors before Django (events,
CloudEvents, the stream) are added by a hook; EventBridge's own is described in prose, for it has a model of
its own.

Invariants, each held by a test: every address is described, and nothing else; the document is valid; every
example is executed, answered with the status it is documented under, and of the documented shape.
"""
