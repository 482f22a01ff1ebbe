"""The transforms in force: what each rule's targets get in place of the event."""

import logging
from collections.abc import Mapping

from eventhub.domain.transform import Transform, TransformError, parse_transform

log = logging.getLogger("eventhub.rulebook")

# By target id. One that cannot be read stands for itself as its error: what it would have left out must not
# be sent, so nothing is until it is repaired.
Transforms = Mapping[int, Transform | TransformError]


def read_transform(rule_id: int, target_id: int, stored: object) -> Transform | TransformError | None:
    """Return a link's transform, or its error; None if it asks for none."""
    try:
        return parse_transform(stored)
    except TransformError as error:  # only by a hand in the database: saving refuses it
        fields = {"rule": rule_id, "target": target_id, "error": str(error)}
        log.exception("rule.transform_broken", extra={"fields": fields})
        return error
