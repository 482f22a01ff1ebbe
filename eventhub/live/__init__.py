"""Watching: what happens, as it happens, in every browser that looks.

One hub per web process tails the journal, one read a tick however many look on, counts once, encodes once,
and hands the same text to every socket::

    journal.feed ─ hub ─ picture ─┬─ window    counts of the last 60 s, by second
                                  ├─ graph     nodes and edges from the rulebook and the sources seen
                                  ├─ rows      the newest events and what became of them
                                  └─ channel   what changed, by tick ─ session (credits) ─ socket

The protocol is written down in ``frames``. What always holds:

- Counts are exact: a snapshot, plus the parts after it, equals a fresh snapshot. Rows may be left out; each
  omission is counted and has positions to load it by.
- A socket costs the server no memory for what it does not read. A channel keeps what changed for 60 seconds;
  a socket only remembers the tick that it has seen, so whoever was slow, hidden, throttled or away for a
  moment gets the merged change since then, and a snapshot if that is too long ago.
- Nothing is read while nobody watches. The first watcher makes the hub take its counts from the journal's
  rows with the SQL that renders the page (``sums``), and tail from there.
- A journal that cannot be read or a channel layer that is away is logged once and tried again; sockets stay
  open.
"""
