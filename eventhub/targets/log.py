"""The log kind: one structured line in Eventhub's own log for each event."""

import logging
from collections.abc import Mapping
from typing import Any

from eventhub.targets.kind import CallKind, Field, FieldType, Guard, Order

log = logging.getLogger("eventhub.target.log")

LEVELS = ("debug", "info", "warning", "error")
MAX_SHOWN = 4096  # a log is for reading; the event itself is in the journal


class LogKind(CallKind):
    """Writes ``event.logged`` with the payload, cut at 4 KiB."""

    name = "log"
    title = "Log"
    summary = "Writes each event as one line to the log of the process that delivers it."
    fields = (
        Field(
            "level",
            "Level",
            "How loud the line is: lines below the configured level are not written.",
            FieldType.CHOICE,
            default="info",
            choices=LEVELS,
        ),
    )

    def address(self, settings: Mapping[str, Any]) -> str:
        """Return the level."""
        return f"log ({settings.get('level', 'info')})"

    def call(self, order: Order, guard: Guard) -> Mapping[str, object]:
        """Write the line."""
        payload = order.body.decode(errors="replace")
        fields: dict[str, object] = {
            "event": order.event.id,
            "bus": order.event.bus,
            "source": order.event.source,
            "type": order.event.detail_type,
            "payload": payload[:MAX_SHOWN],
        }
        if len(payload) > MAX_SHOWN:
            fields["cut"] = True
        level = logging.getLevelNamesMapping()[order.settings.get("level", "info").upper()]
        log.log(level, "event.logged", extra={"fields": fields})
        return {}

    def shown(self, order: Order) -> Mapping[str, object]:
        """Return the level and the size."""
        return {"method": "LOG", "url": self.address(order.settings), "bytes": len(order.body)}
