"""One process owns an embedded journal: a lock file beside it, held as long as the process lives."""

import fcntl
import os
import time
from pathlib import Path

from eventhub.journal.port import JournalUnavailable


class Ownership:
    """The lock on a journal. The kernel drops it with the process, however that ends."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._path = journal.with_name(journal.name + ".lock")
        self._file: int | None = None

    @property
    def held(self) -> bool:
        """Tell whether this object holds it."""
        return self._file is not None

    def take(self, *, wait_seconds: float = 0.0) -> None:
        """Become the owner; raise JournalUnavailable, naming its pid, if another process is and stays it."""
        if self._file is not None:
            return
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalUnavailable(f"cannot write {self._path}: {error.strerror}") from error
        until = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() < until:
                    time.sleep(0.02)
                    continue
                pid = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
                os.close(file)
                raise JournalUnavailable(
                    f"{self._journal} is in use by process {pid}: stop it first;"
                    " an embedded journal has one owner"
                ) from None
        os.truncate(file, 0)
        os.pwrite(file, b"%d\n" % os.getpid(), 0)
        self._file = file

    def give_up(self) -> None:
        """Let another process own it. The file stays: removing it would let two processes lock two files."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
