"""A management command that runs beside a hub: what it prints, line by line, and how it ends."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from typing import IO

from tests.running import ROOT, Running
from tests.until import until


class Command:
    """A running command; ``out`` and ``err`` are what it has printed so far."""

    def __init__(self, hub: Running, *arguments: str, stdin: str | None = None, **env: str) -> None:
        self.out: list[str] = []
        self.err: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=hub._env | env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stderr
        self._readers = [
            threading.Thread(target=_collect, args=(self.process.stdout, self.out), daemon=True),
            threading.Thread(target=_collect, args=(self.process.stderr, self.err), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        if stdin is not None:
            self.say(stdin)
            self.hang_up()

    def say(self, text: str) -> None:
        """Write to its standard input."""
        assert self.process.stdin
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def hang_up(self) -> None:
        """End its standard input."""
        assert self.process.stdin
        self.process.stdin.close()

    def lines(self, count: int, *, seconds: float = 20.0) -> list[str]:
        """Wait for so many lines of standard output."""
        until(lambda: len(self.out) >= count, seconds=seconds, what=f"{count} lines, {self.out}, {self.err}")
        return list(self.out)

    def said(self, text: str, *, seconds: float = 20.0) -> None:
        """Wait until standard error says something."""
        until(
            lambda: any(text in line for line in list(self.err)),
            seconds=seconds,
            what=f"{text!r}, {self.err}",
        )

    def ended(self, *, seconds: float = 30.0) -> int:
        """Wait for its end; return its exit status."""
        status = self.process.wait(timeout=seconds)
        for reader in self._readers:
            reader.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        return status

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Press Ctrl-C; return the exit status."""
        self.process.send_signal(number)
        return self.ended()


def _collect(pipe: IO[str], lines: list[str]) -> None:
    for line in pipe:
        lines.append(line.rstrip("\n"))


@contextlib.contextmanager
def running(hub: Running, *arguments: str, **env: str) -> Iterator[Command]:
    """Run a command at ``hub``; it is told to end if it still runs."""
    name, *rest = arguments
    command = Command(hub, name, "--url", hub.url, *rest, **env)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.process.terminate()
        command.ended()


def on_a_terminal(hub: Running, *arguments: str, columns: int = 80, until_shown: str = "") -> str:
    """Run a command on a terminal until it shows a text (then Ctrl-C), or ends; return what it showed."""
    name, *rest = arguments
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        termios.tcsetwinsize(0, (24, columns))
        env = {key: text for key, text in hub._env.items() if key != "COLUMNS"} | {"TERM": "xterm"}
        os.execve(sys.executable, [sys.executable, "manage.py", name, "--url", hub.url, *rest], env)
    shown = b""
    try:
        while part := _read(terminal):
            shown += part
            if until_shown and until_shown.encode() in shown:
                os.write(terminal, b"\x03")
                until_shown = ""
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)
    return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other side has ended
        return b""
