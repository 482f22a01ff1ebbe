"""Our daphne: the HTTP and WebSocket server of the hub and web roles.

Daphne alone reads a whole body before it calls the application and never waits for a reader, so one client
without credentials could take all memory. Its classes are subclassed here, none of its source is copied:

``reactor``     Twisted on a uvloop loop, installed before daphne is imported
``listening``   the socket, taken before anything is opened
``limits``      every number that bounds what a client may take
``channel``     one HTTP/1.1 connection: refuses at the header, cuts slow and stalled clients
``refusal``     the small answers of the server itself
``request``     one request: scope, application, response written at once
``sockets``     one WebSocket connection: bounded in both directions
``run``         the server: listening, counting, sweeping, ending
``uvicorn``     the same application on uvicorn, where that extra is installed

The way of a connection::

    accept ─ over the cap? 503 ─ idle ⇄ header ─ too large, late or malformed? 431, 408, 400
                                          │
                                        body ─ too long, too slow? 413, 408
                                          │
                                      handling ─ the application; upgraded? sockets
                                          │
                                      response ─ reader takes nothing for 10 s, or 1 MiB waits? closed

Invariants: nothing is kept of a body beyond ``max_body_bytes``, all bodies in memory together stay below
``max_bodies_bytes``, and no connection has more than ``max_unsent_bytes`` waiting to be sent when more comes.
``send`` of an HTTP response waits for the reader by itself; a WebSocket's does not (one message reaches many
sockets, which must not wait for the slowest), so its owner bounds it by credits, or awaits
``scope["extensions"]["eventhub.drain"]["drain"]()``.
"""
