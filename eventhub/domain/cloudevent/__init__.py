"""CloudEvents 1.0: events in, as three HTTP modes bring them, and out again without loss.

    binary       attributes in ``ce-`` headers, data in the body      ─┐ read ┌─ write
    structured   ``application/cloudevents+json``, one object         ─┼─────▶ Entry … Envelope + attributes
    batch        ``application/cloudevents-batch+json``, an array     ─┘      └────▶ binary or structured

===================  ==============================  ===================================================
CloudEvents          of an entry                     of an event that did not come as a CloudEvent
===================  ==============================  ===================================================
``id``               its key; attribute ``id``       the event's id
``source``           source                          source, percent-encoded where no URI may have it
``type``             detail-type                     detail-type
``time``             time; attribute ``time`` keeps  time, to the microsecond
                     the text
``data``             detail, see below               detail
``datacontenttype``  attribute                       ``application/json``
every other, and     attribute of the same name      ``resources``, if any: a JSON array in a string
every extension                                      ``traceparent``, ``tracestate``: the request's
===================  ==============================  ===================================================

What marks an event as a CloudEvent is its attribute ``specversion``. Attributes of ours that are none of
CloudEvents' have a hyphen in their names, which a CloudEvents name cannot have; they stay inside. One of
them, ``data-as``, tells what ``detail`` holds when data was no JSON object: ``data`` (``{"data": …}``:
another JSON value, or text), ``data_base64`` (``{"data_base64": "…"}``: bytes), ``none`` (``{}``: no data at
all). Producers' bytes of JSON data stay as they are.

Readers raise ``CloudEventError`` for what they cannot take, with the place, what was wanted and what was
found; in a batch each event is taken or refused for itself. Whether the detail is sound is for accepting to
check, as with every entry.
"""

from eventhub.domain.cloudevent.attributes import DATA_AS, CloudEventError
from eventhub.domain.cloudevent.read import (
    MAX_BATCH,
    Mode,
    UnsupportedFormatError,
    mode_of,
    read_batch,
    read_binary,
    read_structured,
)
from eventhub.domain.cloudevent.write import STRUCTURED_TYPE, write_binary, write_structured

__all__ = [
    "DATA_AS",
    "MAX_BATCH",
    "STRUCTURED_TYPE",
    "CloudEventError",
    "Mode",
    "UnsupportedFormatError",
    "mode_of",
    "read_batch",
    "read_binary",
    "read_structured",
    "write_binary",
    "write_structured",
]
