"""One module per step of an event's way: accept, route, claim, deliver, settle; each a thread or a loop.

::

    doors ─► accept ─► journal ─► route ─► journal ─► claim ─► deliver ─► settle ─► journal
                                    ▲                            │
                          rulebook ─┴────────────────────────────┘

- ``accept``    checks entries and makes events of them; answers after the commit;
- ``rulebook``  the configuration as one immutable snapshot, kept current;
- ``route``     walks each bus in order; ``matches`` decides what becomes of one event;
- ``claim``     takes due deliveries into lanes, so that no target slows another;
- ``deliver``   attempts them (``targets``); ``results`` decides what an attempt means;
- ``settle``    records attempts in groups;
- ``retain``    removes what is older or larger than the operator allows;
- ``process``   holds the parts that run in this process.

Steps know each other only through the journal: each can be killed at any moment, and goes on from the last
commit. What wakes them is a hint, safe to lose; a scan each second finds what it missed. Deciding is pure
(``matches``, ``results``, ``targets.verdict``); threads, clocks and dice stay in ``route``, ``deliver``,
``settle``.
"""
