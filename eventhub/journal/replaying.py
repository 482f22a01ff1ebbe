"""Archives and replays: what an archive holds, what a replay was asked for, and how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ReplayState(StrEnum):
    """Where a replay stands; EventBridge's states."""

    STARTING = "starting"  # made; nothing is put yet
    RUNNING = "running"
    CANCELLING = "cancelling"  # asked to end; what is put stays so
    CANCELLED = "cancelled"
    COMPLETED = "completed"  # all of its window is put
    FAILED = "failed"  # it cannot go on: ``reason``


UNDER_WAY = (ReplayState.STARTING, ReplayState.RUNNING, ReplayState.CANCELLING)


@dataclass(frozen=True, slots=True)
class ArchiveSize:
    """What an archive holds now."""

    events: int
    bytes: int  # of the events' texts, without the tables' own room


@dataclass(frozen=True, slots=True)
class NewReplay:
    """A replay as it is asked for: an archive's events that were accepted in ``since <= … < until``."""

    name: str
    archive_id: int
    archive: str
    bus_id: int
    bus: str
    since: int
    until: int
    per_second: float
    made_at: int
    made_by: str
    description: str = ""
    rule_ids: Sequence[int] = ()  # only these rules see the events; empty: all of the bus
    filter_arns: Sequence[str] = ()  # how the rules were named


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay and its progress."""

    id: int
    order: NewReplay
    state: ReplayState
    reason: str  # why it failed
    total: int  # events in its window when it was made
    done: int  # put on the bus again
    started_at: int | None
    last_at: int | None  # when the last event that is put was accepted the first time
    ended_at: int | None
