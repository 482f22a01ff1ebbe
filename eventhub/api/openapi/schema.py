"""What ``drf-spectacular`` asks of each view: the operation that is written for its address."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from eventhub.api.openapi.resources import OPERATIONS


class DescribedSchema(AutoSchema):
    """Answers what is written; an address without is described from its view, and a test says so."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        """Return the operation as OpenAPI has it."""
        written = OPERATIONS.get((method, path))
        if written is not None:
            return written.as_dict()
        operation: dict[str, Any] | None = super().get_operation(
            path, path_regex, path_prefix, method, registry
        )
        return operation
