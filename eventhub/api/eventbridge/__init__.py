"""Amazon EventBridge's own dialect: ``POST /`` with ``X-Amz-Target: AWSEvents.<Operation>``, JSON 1.1, SigV4.

``door``        authenticates, reads the body, finds the operation, answers
``operations``  every operation's name and what answers it
``model``       the service's model, from botocore's data: names, shapes, constraints
``validation``  a request against the model, with AWS's wording; the same for every operation
``paging``      opaque tokens of lists
``names``       buses and rules by name or ARN
``errors``      the dialect's errors, and the words for rejected entries

Then a module for each kind of thing: ``buses``, ``policies``, ``rules``, ``tags``; ``try_pattern`` for
TestEventPattern, and ``put_events``, the one that is hot and reads its bytes itself.

Clients find it with ``endpoint_url=`` or ``AWS_ENDPOINT_URL_EVENTBRIDGE``; any region will do.
"""

from eventhub.api.eventbridge.door import eventbridge

__all__ = ["eventbridge"]
