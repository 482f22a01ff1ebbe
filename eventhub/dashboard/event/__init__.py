"""One event: its page, and the pages that belong to it.

``page``       ``/events/{id}``, and its rows and attempts one by one, for a page that asks as it needs them
``why``        ``/events/{id}/why/{rule}``: why a rule matched the event or did not, clause by clause
``again``      ``/events/{id}/replay``: putting the event on its bus again, for chosen rules and targets

What the page shows is read from the journal's rows, within the buses and fields that the reader may see,
by ``journey`` (deliveries and attempts), ``ruling`` (rules then and now), ``causes`` and ``delivered``
(payloads). Pure modules lay it out: ``waterfall`` (spans on one axis), ``decision`` (why an attempt was
followed by another or was the last), ``verdict`` (how the event stands, in a sentence, and what one can do),
``marking`` (the values of its JSON that a pattern looked at).
"""
