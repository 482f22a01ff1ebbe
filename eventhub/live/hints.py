"""Telling other web processes that the configuration changed, over the channel layer. A hint, safe to lose.

Each process sees a change by itself within a quarter of a second. The hint makes it at once.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer  # type: ignore[import-untyped]  # it has no types

log = logging.getLogger("eventhub.live")

GROUP = "hubs"
_AGAIN_SECONDS = 5.0
_REJOIN_SECONDS = 60.0  # a layer may forget a member, silently


class Hints:
    """One process's membership of the group; failures of the layer are logged once until it works again."""

    def __init__(self, heard: Callable[[int], None]) -> None:
        self._heard = heard
        self._layer: Any = get_channel_layer()
        self._told = -1  # the newest version that was sent or heard
        self._failed = False

    async def listen(self) -> None:
        """Pass on what others tell, for ever."""
        while True:
            try:
                await self._listen()
            except Exception as error:  # whatever a layer raises when its server is away
                self._note(error)
                await asyncio.sleep(_AGAIN_SECONDS)

    async def tell(self, version: int) -> None:
        """Tell the others of a version of the configuration, unless it was they who told."""
        if version <= self._told:
            return
        self._told = version
        try:
            await self._layer.group_send(GROUP, {"type": "configuration.changed", "version": version})
        except Exception as error:  # whatever a layer raises when its server is away
            self._note(error)

    async def _listen(self) -> None:
        channel = await self._layer.new_channel()
        try:
            while True:
                await self._layer.group_add(GROUP, channel)
                self._failed = False
                try:
                    message = await asyncio.wait_for(self._layer.receive(channel), _REJOIN_SECONDS)
                except TimeoutError:
                    continue
                version = message.get("version")
                if isinstance(version, int) and version > self._told:
                    self._told = version
                    self._heard(version)
        finally:
            await self._layer.group_discard(GROUP, channel)

    def _note(self, error: Exception) -> None:
        if not self._failed:
            log.warning("live.layer_failed", extra={"fields": {"error": str(error)}})
        self._failed = True
