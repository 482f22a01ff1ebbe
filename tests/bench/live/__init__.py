"""``make bench-live``: the live dashboard's budget, measured in headless Chromium before a real hub.

Events are posted over HTTP by processes of their own and seen through the journal, the hub and the socket as
any reader sees them. ``stage`` sets up, each other module measures one thing and returns its rows, ``rows``
prints them with target and verdict. On few cores the load, the server and the browser share them: a rate that
was not reached is said beside the figure.
"""
