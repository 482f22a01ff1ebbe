"""The demo: four scenarios, their receivers on loopback, and steady traffic.

``scenario`` holds what is configured, ``receivers`` the services that Eventhub delivers to (some slow, some
failing, one down for a while), ``traffic`` the producers. ``manage.py demo`` runs all of it beside a running
Eventhub, as any team's programs would: over HTTP, with an API key of its own.
"""
