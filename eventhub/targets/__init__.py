"""How to talk to the outside: one module per kind of target. No database, no Django, no models here.

::

    flow ─ orders ─► outbound ─┬─► attempts ─► transfer (libcurl, one thread) ─┬─► results ─► flow
                               └─► callers (a pool of threads)                ─┘
                    an Order: settings, payload, identity      a Result: verdict, and what is kept of it

- ``kind``      what a kind is: fields, Order, Result; ``kinds`` holds all of them and checks settings;
- ``http``      one exchange as values: Request and Reply; ``handle`` is one under way, ``transfer`` many;
- ``attempts``  from order to result over HTTP, with errands first: ``oauth`` tokens, ``handshake`` consents;
- ``callers``   the same for kinds with clients of their own, whose addresses ``pinned`` resolves and checks;
- ``verdict``   the one table that says which results are delivered, tried again or given up;
- ``shown``     what is kept of request and reply, without credentials.

Invariants: an attempt always ends, an exchange at the latest by its time-out; no redirect, proxy, netrc or
cookie is ever followed or used; every address is checked after DNS, right before it is connected to; what a
receiver sends is bounded (64 KiB of body, 8 KiB of headers) before it is kept.

To add a kind: a module with a subclass of ``HttpKind`` or ``CallKind``, its name in ``kinds``, its test.
"""
