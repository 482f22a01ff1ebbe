"""Fixtures of the server's tests."""

from tests.server.serving_process import echo

__all__ = ["echo"]
