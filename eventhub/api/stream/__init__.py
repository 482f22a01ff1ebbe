"""Observers: ``GET /api/buses/{bus}/stream``, a bus's events as server-sent events, mounted before Django.

::

    journal.read ─ streams (a read is shared by all who stand at one place) ─ pattern ─ blocks ─ reader

``asked``    what a request asks for: a pattern, where to start, how events are written
``who``      whose stream it is, at its beginning and while it goes on
``start``    the place in the journal that a moment, an event's id or ``Last-Event-ID`` means
``blocks``   the text of the stream, as the HTML standard has it
``streams``  the readers of this process: how many there may be, what wakes them, reading for them
``reader``   one reader's stream, from its first byte to its end
``door``     a request becomes a reader, or is refused

What always holds:

- Events come in the order of their bus, each at least once to whoever resumes with the last ``id`` that it
  got; ids are positions in the journal, and heartbeats carry them too, so that no reader searches again what
  its pattern has let pass.
- A reader costs one small page of events (by number and by bytes) and one write of the server, however slow
  it is: whoever falls behind reads older events. Who has not read after 8 seconds what was sent is told so
  and let go, and may resume.
- An end that we make is said: ``event: end`` with a reason, ``stopping``, ``too-slow``, ``unavailable``,
  ``forbidden`` or ``bus-deleted``. A stream that breaks off without one was cut by the network or a crash;
  resuming is right there, and after the first three reasons.
- Nothing is passed over in silence: what retention removed while a reader was away is ``event: gap``, an
  event for which the pattern is too complex ``event: skipped``.
- A key that was revoked or has expired ends its streams within about a second, a session within ten.
"""

from eventhub.api.stream.door import stream
from eventhub.api.stream.streams import Streams

__all__ = ["Streams", "stream"]
