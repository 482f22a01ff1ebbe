"""The REST resources: configuration to change, and what happened to read.

    /api/buses  /api/buses/{name}            GET POST / GET PUT PATCH DELETE     rules:read, rules:write
    /api/buses/{name}/{pause,resume}         POST                                rules:write
    /api/buses/{name}/state                  GET                                 rules:read
    /api/rules  /api/rules/{id}              the same
    /api/rules/{id}/{enable,disable}         POST                                rules:write
    /api/rules/{id}/versions     GET             rules:read
    /api/rules/{id}/rollback     POST            rules:write
    /api/targets  /api/targets/{name}        the same
    /api/global-endpoints  /api/global-endpoints/{name}                          the same
    /api/partner-sources  /api/partner-sources/{name}  GET POST / GET DELETE     the same
    /api/partner-sources/{name}/{activate,deactivate}  POST                      rules:write
    /api/events  /api/events/{id}            GET                                 events:read
    /api/buses/{name}/events                 GET (POST there is the ingest door, before Django)
    /api/deliveries  /api/deliveries/{id}    GET; a delivery is its outcome row
    /api/event-types  /api/event-types/{id}  GET; sources and types that a bus has seen
    /api/attempts  /api/attempts/{id}        GET
    /api/dead-letters  /api/dead-letters/{id}  GET
    /api/dead-letters/groups     GET
    /api/redrives  /api/redrives/{id}        GET POST / GET                      events:read, rules:write
    /api/redrives/{id}/{pause,resume,cancel}  POST                               rules:write
    /api/events/{id}/preview     POST            events:read, and rules:read for a rule's transform
    /api/keys  /api/keys/{id}                GET POST / GET PUT PATCH DELETE     admin
    /api/keys/{id}/rotate        POST            admin
    /api/audit  /api/audit/{id}              GET                                 admin
    /api/audit/{id}/rollback     POST            admin
    /api/redactions              GET POST        admin
    /api/patterns/explain        POST            rules:read, or events:read for a stored event
    /api/rules/warnings          POST            rules:write
    /api/rules/backtest          POST            rules:read and events:read
    /api/schema/  /api/docs/     GET             any key or session

Every list answers ``{"items": […], "next": path or null}``. Lists of what happened run newest first;
``before`` and ``after`` take the ``position`` of any item, both exclusive, and with ``after`` alone, or
``order=oldest``, the list runs forward and ``next`` is always there to be asked again. Since a position never
changes and nothing is inserted before one, pages neither repeat nor miss a row while events arrive. Lists of
what is configured go on after a row's key, in the ``order`` that was asked for (``pagination``). Rows of
configuration carry an ``ETag``; changes may ask for one (``conditional``).

What may be written is decided by the models' ``full_clean``, as in the admin; here only JSON's types are
read. Numbers inside a pattern and a detail keep their text (``media``). Errors are problem documents
(``errors``). A caller of some buses, a key or a person, sees those buses, their rules, the targets of those
rules and their events; they change the rules, but neither buses nor targets, which others share. A slash in
the name of a bus or a partner event source is ``%2F`` in an address.
"""
