"""One module per step of an event's way: accept, route, claim, deliver, settle; each a thread or a loop.

::

    doors ─► accept ─► journal ─► route ─► journal ─► claim ─► deliver ─► settle ─► journal
                                    ▲                            │
                          rulebook ─┴────────────────────────────┘

- ``accept``    checks entries and makes events of them; answers after the commit;
- ``rulebook``  the configuration as one snapshot, kept current; ``target``, ``transforms``: its parts;
- ``route``     walks each bus in order; ``matches`` decides what becomes of one event, ``fifo`` by which key;
- ``claim``     takes due deliveries into lanes, so that no target slows another;
- ``orders``    makes of a delivery what is to be sent, by ``payload``; here alone secrets are opened;
- ``deliver``   has it attempted (``targets.outbound``), or puts it on another bus (``forward``);
- ``results``   decides what an attempt means; ``dead_letter`` where what died goes, ``gone`` what 410 does;
- ``settle``    records attempts in groups;
- ``letters``   says which dead letters a filter means, and in which groups they are;
- ``redrive``   brings dead letters back, at a rate;
- ``find``, ``complete``  search events, and say what could be searched for;
- ``preview``, ``testing``  show and try what a delivery would do, by the same code;
- ``retain``    removes what is older or larger than the operator allows;
- ``process``   holds the parts that run in this process.

Steps know each other only through the journal: each can be killed at any moment, and goes on from the last
commit. What wakes them is a hint, safe to lose; a scan each second finds what it missed. Deciding is pure
(``matches``, ``results``, ``targets.verdict``); threads, clocks and dice stay in ``route``, ``deliver``,
``settle``.
"""
