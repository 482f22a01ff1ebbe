"""How the clients end: by Ctrl-C or SIGTERM without a word, by a reader that went away, or by an error."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from eventhub.management.client.hub import Hub, HubError


@contextmanager
def until_told(hub: Hub) -> Iterator[None]:
    """Run until interrupted; the made key is removed, whatever ends it. Raises CommandError."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    except HubError as error:
        raise CommandError(str(error)) from error
    except BrokenPipeError:
        # Who read our output is gone; the interpreter's own flush at its end must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        signal.signal(signal.SIGTERM, before)
        hub.forget()
