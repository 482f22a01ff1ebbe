"""A place in the log."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the log. Compared as a pair; on SQLite ``xid`` is 0. Opaque outside: ``str`` and ``parse``.

    >>> Position.parse(str(Position(3, 41)))
    Position(xid=3, seq=41)
    """

    xid: int
    seq: int

    def __str__(self) -> str:
        return f"{self.xid:x}-{self.seq:x}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read a position back; raises ValueError for anything that ``str`` does not write."""
        xid, _, seq = text.partition("-")
        return cls(int(xid, 16), int(seq, 16))


START = Position(0, 0)
