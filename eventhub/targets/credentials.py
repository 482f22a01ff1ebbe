"""Credentials: how a request identifies us to its receiver, with the secrets opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Credentials:
    """A connection as kinds read it, in the order's settings under ``connection``."""

    auth: str  # of models.Connection.Auth
    config: Mapping[str, Any]
    secrets: Mapping[str, Any] = field(repr=False)
