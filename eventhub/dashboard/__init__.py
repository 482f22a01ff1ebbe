"""The pages: what people see of the flow, rendered by the server with true content first.

Each page is complete without JavaScript: a dated snapshot in HTML. ``static/js`` upgrades the flow page
through the socket ``/ws/live`` (graph, motion, stream) and keeps the page of an event in flight current.

``flow_page``      ``/flow``: graph, list twin, stream, and the first steps while the journal is empty
``scrubber``       ``/flow?at=…``: bars of the past and the page as it was at an instant
``heading``        the header's figures on every page
``search_page``    ``/events``: the newest, or what a filter finds
``stream``         the rows of both, and what their gaps hide; ``summary`` of one beside them
``event``          ``/events/{id}``: one event's journey, and the pages that belong to it
``preview_page``   ``/events/{id}/preview``: a transform tried on the event
``buses``          ``/buses``, ``/buses/{name}``; archives and replays: counted first, begun, cancelled
``sources``        ``/sources``: who puts events, how often, and who is silent
``rules``          ``/rules``, ``/rules/{id}``, ``/rules/new``: what rules do, edited beside a live backtest
``targets``        ``/targets``, ``/targets/{id}``: how targets fare, and what can be done about it; a package
``dead_letters``   ``/dead-letters``: filtered (``letter_filter``) and grouped
``redriving``      ``/dead-letters/redrive``: counted, started at a rate, paused, resumed, cancelled
``target_facts``   how a target fares, beside its deliveries and before a redrive
``keyboard``       ``/help/keys``: every key, and the switch that turns single ones off
``reference``      ``/docs/``: the pages under ``templates/docs``
``policy``         the content security policy: nothing inline but a page's own import map, by its nonce
``admin_site``     how Django's admin fits among the pages
``spark``          small charts, drawn as SVG
``assets``         versioned addresses of static files, without a build step

Pages only read, but for the POSTs of the first steps (a key for the reader's first event, and a test event),
of redrives and of rules, which are checked for CSRF like every change. Payloads reach a page through the
template engine's escaping or ``textContent``, never as markup.
"""
