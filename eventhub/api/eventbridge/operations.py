"""The operations of EventBridge: which there are, and which of them this version answers."""

from collections.abc import Awaitable, Callable

from eventhub.access.caller import Caller
from eventhub.api.eventbridge.errors import AwsError
from eventhub.api.eventbridge.put_events import put_events

Operation = Callable[[bytes, Caller], Awaitable[object]]

ANSWERED: dict[str, Operation] = {"PutEvents": put_events}

_NAMES = """
    ActivateEventSource CancelReplay CreateApiDestination CreateArchive CreateConnection
    CreateEndpoint CreateEventBus CreatePartnerEventSource DeactivateEventSource
    DeauthorizeConnection DeleteApiDestination DeleteArchive DeleteConnection DeleteEndpoint
    DeleteEventBus DeletePartnerEventSource DeleteRule DescribeApiDestination DescribeArchive
    DescribeConnection DescribeEndpoint DescribeEventBus DescribeEventSource
    DescribePartnerEventSource DescribeReplay DescribeRule DisableRule EnableRule
    ListApiDestinations ListArchives ListConnections ListEndpoints ListEventBuses ListEventSources
    ListPartnerEventSourceAccounts ListPartnerEventSources ListReplays ListRuleNamesByTarget
    ListRules ListTagsForResource ListTargetsByRule PutEvents PutPartnerEvents PutPermission PutRule
    PutTargets RemovePermission RemoveTargets StartReplay TagResource TestEventPattern UntagResource
    UpdateApiDestination UpdateArchive UpdateConnection UpdateEndpoint UpdateEventBus
"""
NAMES = frozenset(_NAMES.split())


def operation(target: str) -> Operation:
    """Return what answers the header ``X-Amz-Target``; raises AwsError if nothing does."""
    service, _, name = target.partition(".")
    if service != "AWSEvents" or name not in NAMES:
        raise AwsError(
            "UnknownOperationException",
            f"There is no operation {target[:128]!r}; wanted AWSEvents.<Operation>.",
        )
    answering = ANSWERED.get(name)
    if answering is None:
        raise AwsError("OperationDisabledException", f"This version of Eventhub does not answer {name} yet.")
    return answering
