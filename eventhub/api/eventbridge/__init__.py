"""Amazon EventBridge's own dialect: ``POST /`` with ``X-Amz-Target: AWSEvents.<Operation>``, JSON 1.1, SigV4.

``door``        authenticates, reads the body, finds the operation, answers
``operations``  every operation's name and what answers it; an operation is a module with one async function
                from the body's bytes and the caller to the answer's value
``errors``      the dialect's errors, and the words for rejected entries

Clients find it with ``endpoint_url=`` or ``AWS_ENDPOINT_URL_EVENTBRIDGE``; any region will do.
"""

from eventhub.api.eventbridge.door import eventbridge

__all__ = ["eventbridge"]
