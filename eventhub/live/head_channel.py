"""The header's figures alone, for pages that show no graph."""

from dataclasses import dataclass

import msgspec

from eventhub.live.channel import Channel
from eventhub.live.flow_channel import FlowChannel


@dataclass(frozen=True, slots=True)
class HeadChange:
    """That a figure changed."""

    tick: int
    at: float
    weight: int = 1


class HeadChannel(Channel[HeadChange]):
    """The figures of one view's flow, whose channel measures them."""

    name = "head"

    def __init__(self, flow: FlowChannel, tick: int) -> None:
        super().__init__(tick)
        self.flow = flow
        self._told = flow.head

    def advance(self, tick: int, now: float) -> bool:
        """Record that the figures changed; False if they did not."""
        if self.flow.head == self._told:
            return False
        self._told = self.flow.head
        self.record(HeadChange(tick, now))
        return True

    def snap(self) -> str:
        """Return the figures, and whose they are."""
        members = {"bus": self.flow.bus, "head": self._told}
        return f",{msgspec.json.encode(members).decode()[1:-1]}"

    def _merge(self, since: int, changes: list[HeadChange]) -> str | None:
        return f',"head":{msgspec.json.encode(self._told).decode()}'
