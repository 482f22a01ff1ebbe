"""Time travel: the bars under the flow, the marks above them, and the page as it was at an instant.

``span``     what an address asks for: ``?at=2026-11-23T10:31:00Z&win=60``
``bars``     how much was accepted and how much failed in each of the span's 240 bars
``marks``    what changed meanwhile: rules, targets and buses, and circuits that opened or closed
``instant``  the flow of an instant as the socket would have sent it, kept for a moment
``views``    ``/flow/bars`` and ``/flow/at``, which ``static/js/scrubber.js`` and ``travel.js`` ask

The flow page renders all of it for who has no JavaScript.
"""
