"""What every configured row says of its making."""

from eventhub.api.openapi.shape import Schema, moment

DATED: dict[str, Schema] = {
    "created_at": moment("When it was made."),
    "updated_at": moment("When it was changed last."),
}
DATES = {"created_at": "2026-01-31T12:00:00.000Z", "updated_at": "2026-01-31T12:00:00.000Z"}
