"""What came of an HTTP attempt: its last reply as a result, for every kind that speaks HTTP."""

from eventhub.targets.http import Reply, Request
from eventhub.targets.kind import Order, Result
from eventhub.targets.mask import masked
from eventhub.targets.shown import secrets_of, shown_request, shown_response
from eventhub.targets.verdict import Verdict, of_fault, of_status


def result_of(order: Order, request: Request, reply: Reply) -> Result:
    """Return the result of an attempt, with what is kept of request and reply."""
    return Result(
        verdict_of(reply, request),
        reply.started_at,
        reply.ended_at,
        status=reply.status,
        phases=reply.phases,
        request=shown_request(order, request),
        response=shown_response(reply, secrets_of(request)),
        retry_after=reply.header("retry-after"),
    )


def verdict_of(reply: Reply, request: Request) -> Verdict:
    """Judge a reply; what it says is masked like what is kept of it."""
    secrets = secrets_of(request)
    if reply.fault is not None:
        return of_fault(reply.fault, masked(reply.error, secrets))
    status, location = reply.status or 0, ""
    if 300 <= status < 400:
        location = masked(reply.header("location"), secrets)
    return of_status(status, masked(reply.reason, secrets), location)
