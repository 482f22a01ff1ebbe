"""Who may do what: keys, scopes, callers, sealed secrets and Amazon's request signatures.

A program carries an API key: an id, and a secret of 256 random bits that is shown once. Two things are
kept of the secret, each under a key of its own derived from the installation's secret key: an HMAC-SHA256
*digest*, which a bearer token is compared with in constant time, and a *sealed* copy (Fernet), because
verifying an AWS Signature needs the secret itself. Whoever reads only the database can use neither.

    Authorization: Bearer <id>.<secret>      keys.KeyRing.bearer     REST, CloudEvents
    Authorization: AWS4-HMAC-SHA256 …        sigv4.read and verify   EventBridge
    a session of Django                      caller_of_user          pages

All three end in a ``Caller``, which answers ``may(scope, bus_id)``; no door looks at anything else. What a
person may do comes from their roles (``roles``), which name the same scopes by bus. ``seen`` narrows rows to
the buses of a caller, ``sensitive`` names the fields of events that are masked for them, and ``tries`` makes
guessing passwords slow.

The key ring holds every key in memory, so that accepting an event costs no query. It is told of each change
of the configuration (``KeyRing.follow``), a quarter of a second after the commit in any process; a key that
it has not heard of makes it ask for the configuration's version at once, within bounds: a flood of invented
ones stays cheap.
"""
