"""The socket's protocol, ``flow.v1``: every message, every column, with an example; and its encoding.

Address ``/ws/live``, subprotocol ``flow.v1``, one JSON object per text message. The socket only reads: every
change is an HTTP POST. Numbers: ``…at``, ``ts`` are integer milliseconds since 1970 UTC; ``ms`` are
milliseconds, perhaps with a fraction; rates are per second. A **part** is what one subscription gets in one
frame. Members named "if any" are left out when there is nothing to say. Ignore members that you do not know.

Client → server
===============
``{"t":"hello"}``                                                   first; answered by ``welcome``
``{"t":"sub","id":1,"ch":"flow","bus":"orders","cur":"k3:4711"}``   ``bus`` if one bus only; ``cur`` to resume
``{"t":"sub","id":1,"ch":"flow","group":"rules:3:billing/*"}``      and the members of a group, see ``nodes``
``{"t":"sub","id":2,"ch":"rows","bus":"orders","cur":"k3:4711"}``   newest events
``{"t":"sub","id":2,"ch":"rows","q":"type:order.* status:dead"}``   those that pass a filter; ``bus`` as above
``{"t":"sub","id":3,"ch":"event","ev":"019a…"}``                    one event, pushed on every change
``{"t":"sub","id":4,"ch":"head","bus":"orders"}``                   the header's figures alone
``{"t":"unsub","id":2}``
``{"t":"resync","id":1}``           a part did not continue the last one: answered by a ``snap``
``{"t":"ack","n":118}``             frames up to ``n`` are shown; send one for EVERY ``snap`` and ``d``
``{"t":"vis","v":0}``               0: hidden, one frame a second, without rows; 1: visible
``{"t":"rate","hz":5}``             at most 1, 2, 5 or 10 frames a second

``id`` is the client's own number (1 … 1,000,000) for a subscription; ``sub`` with an ``id`` in use replaces
it. At most 16 subscriptions a socket, 10 messages a second (besides acks), 16 KiB a message.

Server → client
===============
welcome::

    {"t":"welcome","epoch":"k3","seq":4710,"topo":17,"tick":100,"max_inflight":2,"window":60,"user":"ada"}

``tick``: ms between frames at most. ``max_inflight``: frames that may be unacknowledged; with none left
nothing is sent, the news are merged, and after 15 s the server closes with 4008. ``window``: the seconds that
counters cover.

snap of ``flow``::

    {"t":"snap","id":1,"ch":"flow","n":1,"seq":4711,"ts":1763894551900,"why":"sub","topo":17,"bus":null,
     "nodes":[{"i":0,"key":"source:shop","kind":"source","id":null,"name":"shop","label":"shop",
               "url":"/events?source=shop"},
              {"i":1,"key":"bus:1","kind":"bus","id":1,"name":"default","label":"default",
               "url":"/buses/default"},
              {"i":2,"key":"rule:7","kind":"rule","id":7,"name":"paid","label":"paid","url":"/admin/…","bus":1},
              {"i":3,"key":"target:4","kind":"target","id":4,"name":"mail","label":"mail","url":"/admin/…",
               "target_kind":"webhook","address":"mail.example.com"},
              {"i":4,"key":"sink:unmatched","kind":"sink","id":null,"name":"unmatched",
               "label":"no rule matched","url":"/events?q=status:unmatched"},
              {"i":5,"key":"sink:dead","kind":"sink","id":null,"name":"dead","label":"dead letters",
               "url":"/dead-letters"}],
     "edges":[[0,0,1],[1,1,2],[2,2,3],[3,1,4],[4,3,5]],
     "ctr":[[0,120,0],[1,96,0],[2,97,1],[3,24,0],[4,0,0]],
     "ns":[[0,"ok",2.0,null,null,null,null],[3,"retrying",1.6,38.0,212.0,2,1250],…],
     "head":{"in":2.0,"out":1.6,"p50":41.0,"p99":230.0,"backlog":2,"oldest":1250,"failing":0,
             "in60":120,"out60":96,"open":0}}

- ``why``: ``sub``, or why no delta could be given: ``epoch``, ``too-old``, ``topo``, ``resync``.
- ``nodes``: ``i`` numbers nodes for this epoch (never used again for another). ``key`` is stable for ever
  (links, ``focus=rule:7``). ``kind``: source, bus, rule, target, sink. The 30 busiest sources are nodes of
  their own; the rest are ``"source:*"`` with ``label`` "+12 sources". ``"bus:0"`` is "unknown bus".
  ``"target_kind"``: webhook or bus. Above 2,000 rules most of them share nodes of kind rule, by bus and
  prefix of their names: ``"rules:3:billing/*"`` with ``id`` null and ``count``. A failing rule never does,
  nor do those of the ``group`` that was asked for.
- ``edges``: [edge, from node, to node]; edges have numbers of their own. An edge's meaning follows from its
  ends:

  ================  =======================================  ===============================
  edge              count                                    failed (part of count)
  ================  =======================================  ===============================
  source → bus      events accepted                          0
  bus → rule        events that the rule matched             matches without any delivery
  rule → target     attempts                                 attempts that failed
  bus → bus         events that rules' targets put on it     0
  bus → unmatched   events without a match                   of these unroutable
  target → dead     dead letters                             all
  rule → dead       dead letters that have no target         all
  ================  =======================================  ===============================
- ``ctr``: [edge, count, failed] over the last ``window`` seconds; an edge that is missing has 0, 0.
- ``ns``, one for every node: [node, state, rate, p50, p99, backlog, oldest]. ``state`` is a word: ``ok``,
  ``idle`` (nothing in the window), ``retrying`` (some attempts failed), ``failing`` (half of them or more),
  ``slow`` (p99 above ``EVENTHUB_SLOW_MS``), ``open``, ``half-open`` (a target's circuit), ``paused``,
  ``disabled``, ``shadow`` (a rule that is only tried), ``deleted`` (still has counts). ``rate`` is the mean
  of the last 5 whole seconds: accepted (source, bus), matched (rule), attempted (target), arrived (sink).
  ``p50``/``p99`` in ms or null: of attempts (target), of acceptance → delivered (bus, rule). ``backlog``:
  pending deliveries, ``oldest``: ms that the oldest has waited; both null except for targets; ``oldest`` is
  null without backlog.
- ``head``: the header. ``in`` accepted/s, ``out`` delivered/s, p50/p99 of acceptance → delivered, pending
  deliveries, targets in state failing, open or half-open. ``in60``, ``out60``: how many in the last 60 s;
  ``open``: those of the failing targets whose circuit is not closed.

snap of ``head``, for pages that show no graph: ``{"t":"snap","id":4,"ch":"head","n":4,"seq":4711,"ts":…,
"why":"sub","bus":null,"head":{…}}``.

snap of ``rows``::

    {"t":"snap","id":2,"ch":"rows","n":2,"seq":4711,"ts":1763894551900,"why":"sub","bus":null,
     "cols":["id","at","bus","source","detail-type","matched","state","delivered","of","ms","pos","key","lost",
             "tries"],
     "rows":[["019a…",1763894551911,"default","shop","order.paid",1,"delivered",1,1,38.2,"0-1a2b","o-77",0,1],…],
     "pos":"0-1a2b"}

- ``rows``: the newest 50, oldest first. ``at`` is accepted_at. ``matched``: rules that matched, null before
  routing. ``state``: ``pending``, ``retrying``, ``delivered``, ``dead``, ``unmatched``, ``unroutable``,
  ``unknown-bus``, ``not-made`` (matched; no delivery was made: rule disabled or in shadow mode, no target,
  too complex, loop).
  ``delivered`` of ``of`` deliveries made. ``ms``: acceptance → last delivery settled, null until then.
  ``pos``: position, for gaps. ``key``: the idempotency key or null. ``lost``: rules of which a delivery was
  given up. ``tries``: the most attempts of one delivery.
- ``pos``: position of the newest event, or null if there was never one. Rows that the page already has and
  that are older than the first of ``rows`` have a gap between:
  ``GET /api/events?after=<own pos>&before=<rows[0].pos>``.

snap of ``event``: ``{"t":"snap","id":3,"ch":"event","n":3,"seq":4711,"ts":…,"why":"sub","ev":{…}}``, see
below.

d, a frame; ``s`` holds a part for each subscription that has news. An empty ``s`` is the
heartbeat, each 5 s::

    {"t":"d","n":118,"seq":4712,"ts":1763894552000,"span":100,"s":[
      {"id":1,"c":[4711,4712],"e":[0,3,0, 1,2,0, 2,2,1],"x":[0,1,0],
       "ns":[[3,"failing",1.6,38.0,212.0,3,1350]],"head":{…}},
      {"id":2,"c":[4711,4712],"tot":[1000,12,950],"r":[["019a…",…],…],"u":[["019a…",1,"delivered",1,1,38.2,0,1],…],
       "gap":["0-1a2b","0-1e00"],"pos":"0-1e32"},
      {"id":3,"c":[4705,4712],"ev":{…}}]}

- ``n``: acknowledge it (it rises, by no rule). ``span``: ms since the last frame (release the dots over it).
- ``c``: [from, to]. A part continues what the page has if ``from`` is the ``to`` of the subscription's last
  part (or ``seq`` of its snap); otherwise send ``resync``. Keep ``to``: with the epoch it is the ``cur`` of
  the next connection, which gets one merged part instead of a ``snap`` if less than 60 s passed and the
  topology is the same.
- flow, each if any, applied in this order: ``topo``; ``e`` flat [edge, count, failed]…: add these (they are
  the dots); ``x`` flat, likewise: subtract these, they left the window; ``ctr`` [[edge, count, failed]…]: set
  these; ``ns``: replace these nodes' states; ``head``.  snap + parts = a fresh snap, always.
- ``topo``: ``{"v":18,"add":{"nodes":[{…}],"edges":[[…]]},"del":{"nodes":[3],"edges":[4]},"upd":[{…}]}``,
  columns as in snap; ``upd`` are whole nodes that replace those with the same ``i``. New edges start at 0, 0.
- rows: ``tot`` [seen, failed, not listed]: events in this part, failed attempts and unroutable events in it,
  events counted but not in ``r``. ``r``: new rows, oldest first, newer than all before; at most 50, the
  newest, and oldest first before them some more that are worth listing: up to 50 given up or unroutable, then
  retried, and 10 first of their type. ``u``: [id, matched, state, delivered, of, ms, lost, tries], for rows
  sent earlier (ignore ids that are not on the page). ``gap`` [after, before], if not listed
  > 0: the positions between which (both exclusive) the unlisted events are:
  ``GET /api/events?after=…&before=…&bus=…``; drop ids already listed.
- head: ``head``, as above.
- event: ``ev`` is the whole summary after the change::

    {"id":"019a…","at":1763894551911,"bus":"default","source":"shop","detail-type":"order.paid","matched":1,
     "state":"retrying","delivered":0,"of":1,"ms":null,
     "deliveries":[[901,7,4,"pending",1,503,"receiver answered 503"],…]}

  ``deliveries``: [delivery id, rule id, target id or null, state of the outcome, attempts, last status or
  null, last error without what the receiver said]. The page fetches details by HTTP.

- rows of a filter (``q``): ``r`` are events that came to pass it, ``tot`` and ``gap`` count and bound these:
  an event comes into view with the news that make it pass, perhaps long after it was accepted, and stays.
  ``sampled``, if any: only each so-many-th event was asked in this part, and ``seen`` is estimated. Filters
  that say the same are one: at most 32 different ones a process. Load a gap with the same ``q``.

err: ``{"t":"err","id":2,"code":"bad-filter","at":7,"msg":"column 8: wanted a value, found the end"}``; ``id``
and ``at`` (column in ``q``) may be null. Codes: ``not-json``, ``not-text``, ``too-large``, ``bad-message``,
``unknown-type``, ``hello-first``, ``unknown-channel``, ``bad-filter``, ``too-many-filters``, ``unknown-bus``,
``unknown-event``, ``unknown-subscription``, ``too-many-subscriptions``, ``unavailable`` (the
journal cannot be read now; the frames go on later).

Close codes: 4001 not signed in (any more), 4003 origin or permission, 4008 too slow, 4013 too many sockets or
messages, 4014 subprotocol ``flow.v1`` was not offered, 4000 the server stops. Reconnect after all but 4001,
4003, 4014.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Protocol

import msgspec

SUBPROTOCOL = "flow.v1"
_encode = msgspec.json.Encoder().encode


class CloseCode(IntEnum):
    """Why the server closed a socket."""

    STOPPING = 4000  # the server stops; daphne cannot send 1001
    SIGNED_OUT = 4001  # not signed in, or not any more
    FORBIDDEN = 4003  # origin or permission
    SLOW = 4008  # frames were not acknowledged in time
    OVERLOAD = 4013  # too many sockets or messages
    VERSION = 4014  # our subprotocol was not offered


class Snapped(Protocol):
    """What a snap is made of."""

    name: str
    last: int

    def snap(self) -> str:
        """Return the members after ``why``, each with a comma before it."""


def welcome(
    *, epoch: str, tick: int, topology: int, period: float, inflight: int, window: int, user: str
) -> str:
    """Return the answer to ``hello``; ``period`` in seconds."""
    figures = {"epoch": epoch, "seq": tick, "topo": topology, "tick": round(period * 1000)}
    limits = {"max_inflight": inflight, "window": window, "user": user}
    return _encode({"t": "welcome", **figures, **limits}).decode()


def snap_message(number: int, channel: Snapped, count: int, now: float, why: str) -> str:
    """Return a snap for subscription ``number``; ``now`` in seconds."""
    return (
        f'{{"t":"snap","id":{number},"ch":"{channel.name}","n":{count},"seq":{channel.last},'
        f'"ts":{int(now * 1000)},"why":"{why}"{channel.snap()}}}'
    )


def frame(count: int, tick: int, now: float, span: float, parts: Iterable[tuple[int, str]]) -> str:
    """Return a ``d``: parts are shared texts, each under its subscription's number; ``span`` in seconds."""
    inner = ",".join(f'{{"id":{number},{part}}}' for number, part in parts)
    stamp = f'"ts":{int(now * 1000)},"span":{round(span * 1000)}'
    return f'{{"t":"d","n":{count},"seq":{tick},{stamp},"s":[{inner}]}}'


def error(code: str, message: str, *, number: int | None = None, at: int | None = None) -> str:
    """Return an ``err``."""
    return _encode({"t": "err", "id": number, "code": code, "at": at, "msg": message}).decode()
