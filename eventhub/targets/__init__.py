"""How to talk to the outside: one module per kind of target. No database, no Django, no models here.

::

    flow.deliver ──► webhook.request(…) ──► transfer.Transfers ──► Reply ──► verdict.of_…
                 └─► bus.loop(…)                (libcurl, one thread)

- ``http``      one exchange as values: Request and Reply;
- ``transfer``  many exchanges at once; ``handle`` is one of them; every address is checked after DNS;
- ``verdict``   the one table that says which results are delivered, tried again or given up;
- ``webhook``   an HTTP POST of the envelope; what an attempt keeps of request and reply;
- ``bus``       another bus of this installation, and when a chain of buses is a loop.

Invariants: an exchange always ends, at the latest by its time-out; no redirect, proxy, netrc or cookie is
ever followed or used; what a receiver sends is bounded (64 KiB of body, 8 KiB of headers) before it is kept.

To add a kind that speaks HTTP: a module here that makes a ``Request`` from an event and its target, as
``webhook`` does; its line in ``flow.deliver.Deliverer._begin``; its choice in ``models.Target.Kind``. A kind
that does not speak HTTP needs a driver beside ``transfer`` that ends in a ``Verdict`` too, and must check the
addresses it connects to with ``domain.addresses``.
"""
