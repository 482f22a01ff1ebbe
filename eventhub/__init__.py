"""Eventhub: a self-hosted event router whose flow you can see.

The life of an event, and the packages that follow it:

1. ``api``      a door (REST, EventBridge) parses a request into *entries*;
2. ``flow``     ``accept`` checks each entry and hands it to the journal;
3. ``journal``  the durable log; the door answers 2xx only after its commit;
4. ``flow``     ``route`` walks each bus in order, matches the rules in force
                (``domain.pattern``) and writes one *delivery* per match and target;
5. ``flow``     ``deliver`` claims due deliveries under a lease, ``targets`` sends
                them, and every attempt is recorded: delivered, retry, or dead letter;
6. ``live``     the hub tails the journal and streams what happens to browsers.

Imports go only downwards, in the order of the list in pyproject's import contracts.
"""

__version__ = "0.1.0"
