"""Searching, the same for both engines: indexes give candidates in the order of time, the filter decides.

::

    filter ─┬─ plan: drivers (streams of one index each) ── the sparsest drives
            └─ conditions: what must be so in the rows of what passes (never less, perhaps more)

    walk: window of candidates ─> condition in SQL ─> rows of what is left ─> the filter's own predicate
          └────────── until the page is full, the bounds are reached, or the time is up ──────────┘

Invariants

- The predicate of ``domain.filter`` decides of every event that is answered, so a page, the socket and REST
  mean the same. SQL only leaves out what the predicate would refuse.
- Candidates come newest first: by id (a UUIDv7 of ``accepted_at``), where the index ends in one, or by
  position, for the buses. A cursor is the last candidate that was decided, in either form; so what arrives
  meanwhile moves nothing.
- Work is cut into windows whose size follows the time they took, so each ends soon and leaves a place to go
  on from. The engine cuts a statement short that takes longer than the time left; only the first window may
  take longer than the box, so that every search gets somewhere.
"""
