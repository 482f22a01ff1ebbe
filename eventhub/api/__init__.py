"""The doors: where requests become entries, resources are read and changed, and answers get their dialect.

``ingest``       ``POST /api/buses/{bus}/events``: our own form, raw ASGI
``cloudevents``  ``POST /api/buses/{bus}/cloudevents``: CloudEvents over HTTP, raw ASGI
``stream``       ``GET /api/buses/{bus}/stream``: a bus's events as they come, raw ASGI
``eventbridge``  ``POST /``: Amazon's JSON protocol, raw ASGI
``rest``         every other resource under ``/api/``, Django REST framework

A door parses, checks the caller, calls one function of ``flow``, and words the result. What an entry must
be is decided in ``domain.entry`` alone: the doors differ only in how they say it.
"""
