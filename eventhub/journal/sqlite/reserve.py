"""Space kept back for the moment when the disk is full: deleting writes too, before it frees anything."""

import os
import shutil
from pathlib import Path

# The log of a few chunks of pruning.
RESERVE_BYTES = 16 * 2**20


class Reserve:
    """A file of that size beside the journal; given up on a full disk, made again when there is room."""

    def __init__(self, journal: Path) -> None:
        self._path = journal.with_name(journal.name + ".reserve")
        self.spent = False  # given up, and not made again yet: nothing new may take its room

    def make(self) -> None:
        """Make it if twice its size is free; a disk too small for it does without."""
        try:
            if shutil.disk_usage(self._path.parent).free < 2 * RESERVE_BYTES:
                return
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, RESERVE_BYTES)
            finally:
                os.close(file)
        except OSError:
            self._path.unlink(missing_ok=True)
            return
        self.spent = False

    def spend(self) -> None:
        """Give its room to the journal."""
        if self._path.exists():
            self._path.unlink()
            self.spent = True

    def remove(self) -> None:
        """Leave nothing behind."""
        self._path.unlink(missing_ok=True)
