"""Observers: ``GET /api/buses/{bus}/stream``, a bus's events as server-sent events, mounted before Django.

::

    journal.read ─ streams (a read is shared by all who stand at one place) ─ pattern ─ blocks ─ reader

``asked``    what a request asks for: the bus, a pattern, where to start
``start``    the place in the journal that a moment, an event's id or ``Last-Event-ID`` means
``blocks``   the text of the stream, as the HTML standard has it
``streams``  the readers of this process: how many there may be, what wakes them, reading for them
``door``     one reader's stream, from its first byte to its end

What always holds:

- Events come in the order of their bus, each at least once to whoever resumes with the last ``id`` that it
  got; ids are positions in the journal, and heartbeats carry them too, so that no reader searches again what
  its pattern has let pass.
- A reader costs one small page of events and one write of the server, however slow it is: whoever falls
  behind reads older events. Who takes nothing for 8 seconds is told so and let go, and may resume.
- An end that we make is said: ``event: end`` with a reason. A stream that breaks off without one was cut by
  the network or a crash; resuming is right in both cases.
- What retention removed while a reader was away is not passed over in silence: ``event: gap``.
"""

from eventhub.api.stream.door import stream
from eventhub.api.stream.streams import Streams

__all__ = ["Streams", "stream"]
