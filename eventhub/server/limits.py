"""What a client may take, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the server. The defaults suit a public listener; tests set smaller ones."""

    max_connections: int = 1024
    max_header_bytes: int = 16_384  # request line and headers together
    max_headers: int = 100
    header_seconds: float = 10.0  # from a request's first byte to its last header; and for a silent newcomer
    # A declared length is refused at the header, so it may be larger than what comes without one. That is
    # counted as it arrives, and cut with at most a read (64 KiB) and the lingering bytes more: below 1 MiB.
    max_body_bytes: int = 16 * 2**20  # as the doors'
    max_chunked_bytes: int = 768 * 2**10
    max_bodies_bytes: int = 128 * 2**20  # all bodies being received, together
    body_grace_seconds: float = 10.0  # before the rate below is asked for
    min_body_rate: int = 8_192  # bytes per second, on average since the body began
    idle_seconds: float = 75.0  # a kept-alive connection without a request: clients reopen silently
    max_unsent_bytes: int = 2**20  # waiting for a reader when more is written: it is not reading
    stalled_seconds: float = 10.0  # a reader that takes nothing for so long is gone
    max_message_bytes: int = 16_384  # one inbound WebSocket message
    linger_seconds: float = 2.0  # after a refusal, to let the client read it before the connection is reset
    linger_bytes: int = 128 * 2**10
    sweep_seconds: float = 0.5  # how often deadlines are looked at

    @classmethod
    def for_entries(cls, *, max_entry_bytes: int, max_connections: int) -> "Limits":
        """Return the limits that let one entry of ``max_entry_bytes`` in, however it is sent."""
        room = max_entry_bytes + 65_536  # the entry's other members
        usual = cls()
        return cls(
            max_connections=max_connections,
            max_body_bytes=max(usual.max_body_bytes, room),
            max_chunked_bytes=max(usual.max_chunked_bytes, room),
        )
